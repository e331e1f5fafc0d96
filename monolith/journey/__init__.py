"""The main journey: visitors use the running shop while its photo uploads move to a service and back.

It talks to the site as anybody else does, over HTTP and with `manage.py`, and believes only what it sees there.

    management/commands/journey.py   the command: prepare, start, play the acts, sum up
    acts/                            what happens, one act a file
    site.py, running.py              the site's processes
    visitor.py, pages.py             a person with a browser, and what is read from the pages
    watcher.py                       another visitor, who looks at the home page all the time
    crowd.py, logins.py              many who look at one page, some who log in again and again
    ledger.py                        what the site promised, and whether it was kept
    narrator.py                      tells all of it on the terminal
"""
