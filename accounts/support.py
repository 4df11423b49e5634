"""The support desk: the Django admin with everything taken out of it that could show a value or change authority.

What remains is a list and a page for each registered model, made of fields that are named one by one. There is no
adding, changing or deleting, no history, autocomplete, export or action; a lookup that no filter offers is refused;
each page that is opened and each search is an event. An app registers its own tables in its `admin.py`:

    from accounts.support import MetadataAdmin, support_site

    @support_site.register_metadata(Organization)
    class OrganizationAdmin(MetadataAdmin): ...
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, SuspiciousOperation
from django.db import models
from django.db.models.base import ModelBase
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, include, path, re_path, reverse
from django.utils.text import capfirst
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from accounts.cells import Cell, cell_of, label_of
from accounts.gate import person
from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import record
from vault import tenancy
from vault.names import safe_label

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

AdminClass = TypeVar("AdminClass", bound=type["MetadataAdmin"])

# Parameters that Django's admin understands and that lead to what is not here: pop-ups, another key, counts by value.
REFUSED_PARAMETERS = frozenset({"_popup", "_to_field", "_facets", "_changelist_filters"})
# Names of columns that no page of the desk may show, search or filter by, whatever the model.
SECRET_COLUMNS = frozenset({"password", "key", "session_key", "session_data", "mac", "payload", "last_step"})
SEARCH_MAX_LENGTH = 100


class SupportSite(admin.AdminSite):
    """One site, at `/support/`, for people with `is_support` whose session is verified by a second factor."""

    site_title = "Support desk"
    site_header = "Support desk"
    index_title = "Support desk"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Verified always, also where the instance does not ask everybody for a second factor."""
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_support and user.is_verified()

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """404 to everybody else who passed the gate: that there is a desk is no business of theirs."""

        @never_cache
        @csrf_protect
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                if isinstance(request.user, User) and request.user.is_support:
                    return HttpResponseRedirect(reverse("accounts:second_factor_enrol"))
                raise Http404
            with tenancy.everywhere("the support desk shows what is known about any organization"):
                response = cast(HttpResponse, view(request, *args, **kwargs))
                # Its pages ask the database while they are rendered.
                return response.render() if isinstance(response, TemplateResponse) else response

        return inner

    def get_urls(self) -> list[Any]:
        """The index and the registered tables. Signing in and out is the house's own; the rest does not exist."""
        return [
            path("", self.admin_view(require_safe(self.index)), name="index"),
            *(
                path(f"{model._meta.app_label}/{model._meta.model_name}/", include(model_admin.get_urls()))
                for model, model_admin in self._registry.items()
            ),
            re_path(r".*", self.admin_view(self.nothing)),
        ]

    def nothing(self, request: HttpRequest) -> HttpResponse:
        raise Http404

    def register(self, model_or_iterable: Any, admin_class: type[ModelAdmin] | None = None, **options: Any) -> None:
        """Takes `MetadataAdmin`s. What Django's own apps register for the stock admin is left out silently; anything
        else raises `ImproperlyConfigured`."""
        if admin_class is None or not issubclass(admin_class, MetadataAdmin):
            named = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
            if all(model.__module__.startswith("django.") for model in named):
                return
            raise ImproperlyConfigured(f"The support desk takes subclasses of MetadataAdmin only, not {admin_class}.")
        super().register(model_or_iterable, admin_class, **options)

    def register_metadata(self, model: type[models.Model]) -> Callable[[AdminClass], AdminClass]:
        """Class decorator: shows `model` through the decorated `MetadataAdmin`."""

        def decorate(admin_class: AdminClass) -> AdminClass:
            self.register(model, admin_class)
            return admin_class

        return decorate

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What there is to look at."""
        return TemplateResponse(request, "admin/index.html", {**self.each_context(request), "title": self.index_title})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"site_header": self.site_header, "nav": "support", "tables": self.tables(), "has_permission": True}

    def tables(self) -> list[dict[str, Any]]:
        """What the desk can look at: name, description and address of each list, in order of name."""
        listed = [
            {
                "name": model_admin.plural,
                "description": model_admin.description,
                "icon": model_admin.icon,
                "url": reverse(f"admin:{model_admin.url_prefix}_changelist"),
            }
            for model_admin in self._registry.values()
            if isinstance(model_admin, MetadataAdmin)
        ]
        return sorted(listed, key=lambda table: str(table["name"]))

    def get_log_entries(self, request: HttpRequest) -> Any:
        """None: what staff do is in the audit log, where nobody can edit it."""
        from django.contrib.admin.models import LogEntry

        return LogEntry.objects.none()


class MetadataAdmin(ModelAdmin):
    """Read-only pages over named columns.

    A subclass names `resource_kind`, `list_display` and `fields`; optional `search_fields`, `list_filter`, `icon`,
    `description` (a sentence for the index), `list_detail` (a column shown below the first one). `fields` and
    `list_display` may name methods of the subclass (with `@admin.display`). Columns that hold ciphertext, bytes or
    hashes are refused at start-up.
    """

    resource_kind: ClassVar[ResourceKind]
    description: ClassVar[str] = ""
    icon: ClassVar[str] = "layers"
    list_detail: ClassVar[str] = ""

    actions = None
    list_per_page = 50
    list_max_show_all = 0  # no "show all": a page has 50 rows
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_select_related = False
    view_on_site = False
    save_as = False
    change_list_template = "admin/list.html"
    change_form_template = "admin/object.html"

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        if not hasattr(self, "resource_kind"):
            raise ImproperlyConfigured(f"{type(self).__name__} must name its resource_kind.")
        if not self.fields or tuple(self.list_display) == ("__str__",):
            raise ImproperlyConfigured(f"{type(self).__name__} must name its fields and list_display one by one.")
        named: Iterable[Any] = (
            *self.fields,
            *self.list_display,
            self.list_detail,
            *self.search_fields,
            *self.list_filter,
            *(self.ordering or ()),
        )
        for name in named:
            self._refuse_secret(name[0] if isinstance(name, tuple | list) else name)

    def _refuse_secret(self, name: Any) -> None:
        if not isinstance(name, str):
            raise ImproperlyConfigured(f"{type(self).__name__} may filter by plain columns only, not by {name!r}.")
        field: Any = None
        model: Any = self.model
        for part in name.lstrip("-^=@").split("__"):
            if part in SECRET_COLUMNS:
                raise ImproperlyConfigured(f"{type(self).__name__} names {name}, which the support desk never shows.")
            try:
                field = model._meta.get_field(part)
            except (FieldDoesNotExist, AttributeError):
                break
            model = getattr(field, "related_model", None) or model
        if isinstance(field, models.BinaryField) or getattr(field, "purpose", None) is not None:
            raise ImproperlyConfigured(f"{type(self).__name__} names {name}, which the support desk never shows.")

    # --- who may do what: look, and nothing else ------------------------------------------------------------------
    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return cast(SupportSite, self.admin_site).has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Nothing may be asked by address but what `list_filter` offers, and of that only equality and its kin.

        Django's own rule lets every local column through: `?password__startswith=` reads a hash letter by letter.
        """
        for name in self.list_filter:
            column = name[0] if isinstance(name, tuple | list) else str(name)
            if lookup in {
                column,
                f"{column}__exact",
                f"{column}__isnull",
                f"{column}__gte",
                f"{column}__lt",
                f"{column}__id__exact",
                f"{column}__uid__exact",
            }:
                return True
        return False

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    # --- pages ----------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        """The list and the page of one row. History, adding, deleting and autocompletion have no address."""
        name = self.url_prefix
        view = self.admin_site.admin_view
        return [
            path("", view(require_safe(self.changelist_view)), name=f"{name}_changelist"),
            *self.extra_urls(name),
            path("<path:object_id>/", view(require_safe(self.object_view)), name=f"{name}_change"),
        ]

    def extra_urls(self, name: str) -> list[URLPattern]:
        """For a subclass with a page or an act of its own; `name` is the prefix of URL names."""
        return []

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A page of the list. What was searched for is recorded before anything is looked up."""
        _refuse_parameters(request)
        query = request.GET.get("q", "")
        if len(query) > SEARCH_MAX_LENGTH or not query.isprintable():
            raise SuspiciousOperation(f"A search has at most {SEARCH_MAX_LENGTH} visible characters.")
        record(
            actor=person(request).audit_actor,
            action=Action.SUPPORT_SEARCHED if query else Action.SUPPORT_VIEWED,
            details={"model": self.model._meta.label, **({"query": safe_label(query)} if query else {})},
        )
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data.update(self.list_context(response.context_data["cl"]))
        return response

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises `SuspiciousOperation` (400) for parameters that make no sense, where Django would redirect."""
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise SuspiciousOperation("These filters make no sense.") from error

    def list_context(self, changes: ChangeList) -> dict[str, Any]:
        """What the template of the list shows of Django's change list."""
        page, pages = changes.page_num, changes.paginator.num_pages
        return {
            "name": self.plural,
            "description": self.description,
            "searchable": bool(self.search_fields),
            "labels": [label_of(self, str(name)) for name in self.list_display],
            "rows": [
                {
                    "url": reverse(f"admin:{self.url_prefix}_change", args=[row.pk]),
                    "cells": [cell_of(self, str(name), row) for name in self.list_display],
                    "detail": cell_of(self, self.list_detail, row).value if self.list_detail else "",
                }
                for row in changes.result_list
            ],
            "filters": [
                {"title": str(spec.title).capitalize(), "choices": list(spec.choices(changes))}
                for spec in changes.filter_specs
            ],
            "newer_url": changes.get_query_string({"p": page - 1}) if changes.multi_page and page > 1 else "",
            "older_url": changes.get_query_string({"p": page + 1}) if changes.multi_page and page < pages else "",
        }

    @property
    def url_prefix(self) -> str:
        """What the names of this table's addresses begin with."""
        return f"{self.model._meta.app_label}_{self.model._meta.model_name}"

    @property
    def plural(self) -> str:
        """The name of the table for people."""
        return capfirst(str(self.model._meta.verbose_name_plural))

    def object_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of one row; the event that says who looked at it is committed before anything is shown."""
        _refuse_parameters(request)
        row = self.row_of(request, object_id)
        record(
            actor=person(request).audit_actor,
            action=Action.SUPPORT_VIEWED,
            organization_id=self.organization_of(row),
            resource=Resource(self.resource_kind, id=str(row.pk), label=str(row)),
            details={"model": self.model._meta.label},
        )
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "name": self.plural,
            "list_url": reverse(f"admin:{self.url_prefix}_changelist"),
            "row": row,
            "cells": self.cells(row),
            **self.object_context(request, row),
        }
        return TemplateResponse(request, self.change_form_template or "admin/object.html", context)

    def row_of(self, request: HttpRequest, object_id: str) -> Any:
        """The row with that key. Raises `Http404`."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def cells(self, row: Any) -> list[Cell]:
        """What the page of one row shows: the `fields`, in order."""
        return [cell_of(self, str(name), row) for name in self.fields or ()]

    def organization_of(self, row: Any) -> UUID | None:
        """The organization whose log shows that support looked at `row`; its own `organization_id` as a rule."""
        found = getattr(row, "organization_id", None)
        return found if isinstance(found, UUID) else None

    def object_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """More for the template of the page of one row."""
        return {}


def _refuse_parameters(request: HttpRequest) -> None:
    """Raises `SuspiciousOperation` (400) for parameters of parts of Django's admin that do not exist here."""
    for name in REFUSED_PARAMETERS:
        if name in request.GET or name in request.POST:
            raise SuspiciousOperation(f"The support desk has no {name}.")


support_site = cast(SupportSite, admin.site)
