"""Pages that do what the tests of the middleware need, behind the whole stack of middleware of the real settings."""

from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.gate import public
from vault import context
from vault.crypto.errors import DamagedValue, KeyUnavailable
from vault.errors import ServiceUnavailable
from vault.requests import takes
from vault.urls import handler400, handler403, handler404, handler500

CANARY = "canary-hunter2-91ac"

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@public
@csrf_exempt
def echo(request: HttpRequest, name: str = "") -> HttpResponse:
    """What a view gets to see."""
    return JsonResponse(
        {
            "form": dict(request.POST.lists()),
            "files": {name: upload.size for name, upload in request.FILES.items() if isinstance(upload, UploadedFile)},
            "query": dict(request.GET.lists()),
            "ip": context.current().ip,
            "agent": context.current().user_agent,
            "secure": request.is_secure(),
            "correlation_id": context.current().correlation_id,
        }
    )


@public
@csrf_exempt
@takes(methods=frozenset({"GET", "PUT", "LIST"}), content_types=frozenset({"application/json"}))
def api(request: HttpRequest) -> HttpResponse:
    """A view that says what it takes."""
    return JsonResponse({"method": request.method})


@public
def guarded(request: HttpRequest) -> HttpResponse:
    """Behind the CSRF check."""
    return HttpResponse("in")


@public
@require_POST
def only_post(request: HttpRequest) -> HttpResponse:
    return HttpResponse("posted")


@public
def cached(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x", headers={"Cache-Control": "public, max-age=600"})


@public
def streamed(request: HttpRequest) -> FileResponse:
    from io import BytesIO

    return FileResponse(BytesIO(b"x" * 100_000), filename="x.bin")


@public
def broken(request: HttpRequest) -> HttpResponse:
    password = CANARY
    raise ValueError(f"cannot use {password}")


@public
def database_down(request: HttpRequest) -> HttpResponse:
    raise OperationalError(f"connection refused {CANARY}")


@public
def log_down(request: HttpRequest) -> HttpResponse:
    raise ServiceUnavailable("The activity log cannot be written.")


@public
def key_gone(request: HttpRequest) -> HttpResponse:
    raise KeyUnavailable(bytes(range(16)))


@public
def damaged(request: HttpRequest) -> HttpResponse:
    from uuid import UUID

    raise DamagedValue(table="secrets_secretversion", column="payload", row=UUID(int=7), key_id=bytes(16))


urlpatterns = [
    path("echo/", echo),
    path("api/", api),
    path("guarded/", guarded),
    path("only-post/", only_post),
    path("cached/", cached),
    path("streamed/", streamed),
    path("broken/", broken),
    path("database-down/", database_down),
    path("log-down/", log_down),
    path("key-gone/", key_gone),
    path("damaged/", damaged),
    path("name/<str:name>/", echo),
]
