"""What holds for the whole installation, for its administrators."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import selectors
from accounts.errors import AccountError
from accounts.forms import InstanceForm, refuse
from accounts.gate import person
from accounts.services import configure_instance


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def instance(request: HttpRequest) -> HttpResponse:
    """Whether everybody needs a second factor. 404 to everybody who has no say in it."""
    user = person(request)
    if not user.is_instance_admin:
        raise Http404
    required = selectors.instance().second_factor_required
    form = InstanceForm(
        request.POST if request.method == "POST" else None, initial={"second_factor_required": required}
    )
    if form.is_valid():
        try:
            configure_instance(actor=user, **form.cleaned_data)
        except AccountError as error:
            refuse(form, error)
        else:
            messages.success(request, "Saved. It holds from everybody's next page on.")
            return redirect("accounts:instance")
    context = {"form": form, "nav": "account", "tab": "instance", "required": required}
    return render(request, "accounts/instance.html", context, status=422 if form.is_bound else 200)
