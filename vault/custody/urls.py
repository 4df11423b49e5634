"""The addresses of this app."""

from django.urls import path

from vault.custody.views import instance, operations, organization, reports, shredding

app_name = "custody"

KEYS = "organizations/<uuid:organization>/keys/"
INSTANCE = "instance/keys/"

urlpatterns = [
    path(KEYS, organization.keys, name="keys"),
    path(f"{KEYS}rotate/", organization.rotate, name="rotate"),
    path(f"{KEYS}move/", organization.move, name="move"),
    path(f"{KEYS}verify/", organization.verify, name="verify"),
    path(f"{KEYS}operations/<uuid:operation>/", operations.operation, name="operation"),
    path(f"{KEYS}operations/<uuid:operation>/advance/", operations.advance, name="advance"),
    path(f"{KEYS}reports/<uuid:report>/", reports.report, name="report"),
    path(f"{KEYS}reports/<uuid:report>/file/", reports.report_file, name="report_file"),
    path(f"{KEYS}destroy/", shredding.shred, name="shred"),
    path(f"{KEYS}destroy/<uuid:shredding>/approve/", shredding.shred_approve, name="shred_approve"),
    path(f"{KEYS}destroy/<uuid:shredding>/withdraw/", shredding.shred_cancel, name="shred_cancel"),
    path(INSTANCE, instance.keys, name="instance"),
    path(f"{INSTANCE}organizations/", instance.organizations, name="instance_organizations"),
    path(f"{INSTANCE}<slug:purpose>/rotate/", instance.rotate, name="instance_rotate"),
    path(f"{INSTANCE}move/", instance.move, name="instance_move"),
    path(f"{INSTANCE}verify/", instance.verify, name="instance_verify"),
    path(f"{INSTANCE}operations/<uuid:operation>/", operations.instance_operation, name="instance_operation"),
    path(f"{INSTANCE}operations/<uuid:operation>/advance/", operations.instance_advance, name="instance_advance"),
    path(f"{INSTANCE}reports/<uuid:report>/", reports.instance_report, name="instance_report"),
    path(f"{INSTANCE}reports/<uuid:report>/file/", reports.instance_report_file, name="instance_report_file"),
]
