"""How every form of the project renders: label, control, hint, error, wired for assistive technology."""

from django.forms.renderers import TemplatesSetting


class HoldfastRenderer(TemplatesSetting):
    """Renders forms through ``templates/forms/``; ``settings.FORM_RENDERER`` names it.

    Widgets come from Django itself, so ``django.forms`` must be in ``INSTALLED_APPS``. Django adds
    ``aria-describedby`` (hint and error) and ``aria-invalid`` to a widget; the templates supply the
    elements with those ids.
    """

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
