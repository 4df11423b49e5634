"""The addresses of this app."""

from django.urls import path

from accounts.views import instance, profile, second_factor, sign_in

app_name = "accounts"

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign_in_code"),
    path("sign-in/recovery/", sign_in.sign_in_recovery, name="sign_in_recovery"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/", profile.profile, name="profile"),
    path("account/password/", profile.password, name="password"),
    path("account/theme/", profile.theme, name="theme"),
    path("account/second-factor/", second_factor.second_factor, name="second_factor"),
    path("account/second-factor/set-up/", second_factor.second_factor_enrol, name="second_factor_enrol"),
    path("account/second-factor/confirm/", second_factor.second_factor_confirm, name="second_factor_confirm"),
    path("account/second-factor/remove/", second_factor.second_factor_remove, name="second_factor_remove"),
    path("account/second-factor/recovery-codes/", second_factor.recovery_codes, name="recovery_codes"),
    path("account/second-factor/recovery-codes/file/", second_factor.recovery_codes_file, name="recovery_codes_file"),
    path("instance/", instance.instance, name="instance"),
]
