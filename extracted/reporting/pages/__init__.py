"""The staff pages: reports with their parameters and a preview, runs with their progress, files, schedules."""
