"""The addresses of this app."""

from django.urls import path

from vault.access.views import break_glass, leaving, reach, requests, reviews, who

app_name = "access"

ACCESS = "organizations/<uuid:organization>/access/"

REQUEST = f"{ACCESS}requests/<uuid:access_request>/"
GLASS = f"{ACCESS}break-glass/"
REVIEW = f"{ACCESS}reviews/<uuid:campaign>/"

urlpatterns = [
    path("organizations/<uuid:organization>/leave/", leaving.leave, name="leave"),
    path("organizations/<uuid:organization>/members/<uuid:membership>/remove/", leaving.leave_plan, name="leave_plan"),
    path(f"{ACCESS}people/<uuid:membership>/seen/", leaving.seen, name="seen"),
    path(f"{ACCESS}people/<uuid:membership>/seen/file/", leaving.seen_file, name="seen_file"),
    path(f"{ACCESS}requests/", requests.requests, name="requests"),
    path(f"{ACCESS}requests/new/", requests.request_new, name="request_new"),
    path(REQUEST, requests.request_page, name="request"),
    path(f"{REQUEST}approve/", requests.request_approve, name="request_approve"),
    path(f"{REQUEST}deny/", requests.request_deny, name="request_deny"),
    path(f"{REQUEST}withdraw/", requests.request_withdraw, name="request_withdraw"),
    path(GLASS, break_glass.break_glass_page, name="break_glass"),
    path(f"{GLASS}people/new/", break_glass.break_glass_name, name="break_glass_name"),
    path(f"{GLASS}people/<uuid:named>/remove/", break_glass.break_glass_unname, name="break_glass_unname"),
    path(f"{GLASS}people/<uuid:named>/break/", break_glass.break_glass_break, name="break_glass_break"),
    path(f"{GLASS}uses/<uuid:use>/", break_glass.break_glass_use, name="break_glass_use"),
    path(f"{GLASS}uses/<uuid:use>/review/", break_glass.break_glass_review, name="break_glass_review"),
    path(f"{GLASS}uses/<uuid:use>/end/", break_glass.break_glass_end, name="break_glass_end"),
    path(f"{ACCESS}reviews/", reviews.reviews, name="reviews"),
    path(f"{ACCESS}reviews/new/", reviews.review_new, name="review_new"),
    path(REVIEW, reviews.review, name="review"),
    path(f"{REVIEW}close/", reviews.review_close, name="review_close"),
    path(f"{REVIEW}confirm/", reviews.review_confirm, name="review_confirm"),
    path(f"{REVIEW}export/", reviews.review_export, name="review_export"),
    path(f"{REVIEW}reviewers/", reviews.review_reviewer, name="review_reviewer"),
    path(f"{REVIEW}lines/<uuid:line>/", reviews.review_line, name="review_line"),
    path(f"{ACCESS}who/", who.who, name="who"),
    path(f"{ACCESS}who/projects/<uuid:project>/", who.who_project, name="who_project"),
    path(f"{ACCESS}who/environments/<uuid:environment>/", who.who_environment, name="who_environment"),
    path(f"{ACCESS}who/secrets/<uuid:secret>/", who.who_secret, name="who_secret"),
    path(f"{ACCESS}reach/members/<uuid:membership>/", reach.reach_member, name="reach_member"),
    path(f"{ACCESS}reach/teams/<uuid:team>/", reach.reach_team, name="reach_team"),
    path(f"{ACCESS}reach/machines/<uuid:machine>/", reach.reach_machine, name="reach_machine"),
]
