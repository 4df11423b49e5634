"""The generator: a page of its own, and what the button beside a field asks for."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from vault.errors import error_response, wants_json
from vault.secrets.forms.generating import GeneratorForm
from vault.secrets.generator import Generated


@require_http_methods(["GET", "POST"])
def generator(request: HttpRequest) -> HttpResponse:
    """Makes a password or a passphrase by POST. It is shown once and stored nowhere."""
    form = GeneratorForm(request.POST if request.method == "POST" else None)
    made: Generated | None = form.generate() if form.is_valid() else None
    if wants_json(request):
        if made is None:
            sentences = " ".join(str(sentence) for errors in form.errors.values() for sentence in errors)
            return error_response(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentences or "Send it as a form.")
        return JsonResponse({"text": made.text, "bits": int(made.bits), "strength": made.strength})
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "secrets/generator.html", {"form": form, "made": made}, status=status)
