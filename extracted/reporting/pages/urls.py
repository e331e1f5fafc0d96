"""URLs of the staff pages, below /reporting/."""

from django.urls import path

from extracted.reporting.pages import files, reports, runs, schedules

app_name = "reporting"

urlpatterns = [
    path("", reports.overview, name="overview"),
    path("reports/<slug:name>/", reports.report, name="report"),
    path("reports/<slug:name>/chart.svg", reports.chart, name="chart"),
    path("runs/", runs.history, name="history"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/status.json", runs.status, name="status"),
    path("runs/<uuid:pk>/cancel/", runs.cancel, name="cancel"),
    path("reports/<slug:name>/schedule/", schedules.make, name="schedule"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/<int:pk>/stop/", schedules.stop, name="stop"),
    path("files/<str:token>/", files.file, name="file"),
]
