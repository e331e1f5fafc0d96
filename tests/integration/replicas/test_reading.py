"""Where reads go, seen from inside of a process: MariaDB and PostgreSQL, whole, held back, and dead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as settings_module
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.http import HttpResponse

from strangler import replicas
from strangler.conf import database_from_url
from strangler.facade import identity
from strangler.replicas import choosing, freshness
from strangler.replicas.carrying import COOKIE, Visitor
from strangler.replicas.freshness import Freshness
from strangler.service.sandbox.databases import Databases
from tests.servers.fixtures import require_server
from tests.servers.replication import StandbyPostgreSQL

pytestmark = pytest.mark.xdist_group("replication")  # one cluster for all

FUTURE = datetime(2099, 1, 1, tzinfo=UTC)


class SessionsInTheShop:
    """Another router, behind ours: which database is the sessions' own."""

    def db_for_read(self, model, **hints):
        return "shop" if model is Session else None

    db_for_write = db_for_read


@contextmanager
def opened(primary: str, replica: str, settings) -> Iterator[None]:
    """Have the databases at two URLs as `shop` and `shop_replica`, with the table of sessions."""
    urls = {"shop": primary, "shop_replica": replica}
    entries = {alias: database_from_url(url) for alias, url in urls.items()}
    configured = connections.configure_settings({"default": {}, **entries})
    connections.databases.update({alias: configured[alias] for alias in urls})
    settings.DATABASE_ROUTERS = ["strangler.replicas.ReplicaRouter", f"{__name__}.SessionsInTheShop"]
    settings.STRANGLER = {
        **settings.STRANGLER,
        "REPLICAS": {"shop": ["shop_replica"]},
        "BREAKER_RESET": timedelta(minutes=5),
    }
    choosing._breakers.clear()
    begin()
    try:
        yield
    finally:
        for alias in urls:
            connections[alias].close()
            del connections[alias], connections.databases[alias]


@pytest.fixture(scope="module")
def standby(postgres):
    """A PostgreSQL that follows the one of the session."""
    require_server("postgres")
    with StandbyPostgreSQL(postgres) as running:
        yield running


@pytest.fixture
def mariadb_pair(cluster):
    """Return the URLs of primary and replica, and what holds the replica back and lets it go on."""
    replica, primary = cluster.create_database()
    return primary, replica, cluster.db01.hold_back, lambda: cluster.db01.catch_up(cluster.db02)


@pytest.fixture
def postgres_pair(standby, postgres_url):
    """Return the same for PostgreSQL."""
    standby.catch_up()
    replica = f"postgres://postgres@127.0.0.1:{standby.port}/{postgres_url.rpartition('/')[2]}"
    return postgres_url, replica, standby.hold_back, standby.catch_up


@pytest.fixture(params=["mariadb_pair", "postgres_pair"])
def pair(request, settings, django_db_blocker):
    """Return what holds a replica back, and what lets it go on; the table of sessions is there on both."""
    primary, replica, hold_back, catch_up = request.getfixturevalue(request.param)
    with django_db_blocker.unblock(), opened(primary, replica, settings):
        call_command("migrate", "sessions", database="shop", verbosity=0)
        catch_up()
        yield hold_back, catch_up
        catch_up()


@pytest.fixture
def mariadb_shop(cluster, settings, django_db_blocker):
    """Return the servers, with the table of sessions on both."""
    replica, primary = cluster.create_database()
    with django_db_blocker.unblock(), opened(primary, replica, settings):
        call_command("migrate", "sessions", database="shop", verbosity=0)
        cluster.db01.catch_up(cluster.db02)
        yield cluster


def begin():
    """Begin work of somebody who has written nothing."""
    return freshness.begin(Freshness())


def write(key="a"):
    """Write a session."""
    return Session.objects.create(session_key=key, session_data="", expire_date=FUTURE)


def home(key="a"):
    """Return the alias that a session is read from now; None if it is not there."""
    found = Session.objects.filter(session_key=key).first()
    return found and found._state.db


def test_reads_go_to_a_replica_as_soon_as_it_has_what_the_reader_wrote(pair):
    hold_back, catch_up = pair
    hold_back()
    write()
    assert home() == "shop"
    begin()
    assert home() is None  # somebody else may be shown what the replica has
    write("b")
    assert home("b") == "shop"
    catch_up()
    assert home("b") == "shop"  # a page that went to the primary is not made to wait again
    work = freshness.current()
    freshness.begin(Freshness({"shop": work.told()["shop"]}))
    assert home("b") == "shop_replica"


def test_a_read_waits_a_little_for_the_replica(pair, settings):
    hold_back, catch_up = pair
    settings.STRANGLER = {**settings.STRANGLER, "REPLICA_WAIT": timedelta(seconds=60)}
    hold_back()
    write()
    with ThreadPoolExecutor() as pool:
        coming = pool.submit(catch_up)
        assert home() == "shop_replica"
        coming.result()


def test_what_was_written_in_a_transaction_is_seen_after_it(pair):
    hold_back, _ = pair
    with transaction.atomic(using="shop"):
        write()
        assert home() == "shop"
    begin()
    hold_back()
    with transaction.atomic(using="shop"):
        write("b")
        begin()  # as in another thread of the work, that asked before the commit
        assert freshness.current().is_settled
    assert home("b") == "shop"


def test_what_another_thread_of_the_work_wrote_is_seen(pair):
    hold_back, _ = pair
    hold_back()
    work = begin()

    def write_elsewhere():
        freshness.begin(work)
        write()
        connections["shop"].close()

    thread = threading.Thread(target=write_elsewhere)
    thread.start()
    thread.join()
    assert home() == "shop"


def test_the_primary_is_read_in_transactions_and_where_the_code_asks_for_it(pair):
    _, catch_up = pair
    write()
    catch_up()
    begin()
    assert home() == "shop_replica"
    with replicas.on_primary():
        assert home() == "shop"
    with transaction.atomic(using="shop"):
        assert home() == "shop"
    Session.objects.get_or_create(session_key="a")
    assert Session.objects.select_for_update().db == "shop"


def test_what_was_read_from_a_replica_is_saved_on_the_primary(pair):
    _, catch_up = pair
    write()
    catch_up()
    begin()
    found = Session.objects.get(session_key="a")
    found.session_data = "changed"
    found.save()
    assert (found._state.db, Session.objects.using("shop").get().session_data) == ("shop", "changed")
    found.delete()
    assert not Session.objects.using("shop").exists()


def test_a_read_on_a_connection_that_was_killed_is_done_again(mariadb_shop):
    write()
    mariadb_shop.db01.catch_up(mariadb_shop.db02)
    begin()
    assert home() == "shop_replica"
    kill(mariadb_shop.db01, connections["shop_replica"])
    query = Session.objects.using("shop_replica")
    assert query.get().session_key == "a"
    assert choosing.breaker_of("shop_replica").state == "closed"


def test_a_dead_replica_is_left_alone_after_its_first_failure(mariadb_shop):
    write()
    mariadb_shop.db01.catch_up(mariadb_shop.db02)
    begin()
    assert home() == "shop_replica"
    mariadb_shop.db01.kill()
    assert Session.objects.using("shop_replica").get().session_key == "a"
    assert choosing.breaker_of("shop_replica").state == "open"
    begin()
    assert home() == "shop"
    assert connections["shop_replica"].connection is None


def test_what_only_the_replica_lacks_is_read_from_the_primary(mariadb_shop):
    write()
    mariadb_shop.db01.catch_up(mariadb_shop.db02)
    database = connections["shop"].settings_dict["NAME"]
    mariadb_shop.db01.execute(f"RENAME TABLE {database}.django_session TO {database}.elsewhere")
    try:
        begin()
        assert Session.objects.get().session_key == "a"
        assert home() == "shop"
    finally:
        mariadb_shop.db01.execute(f"RENAME TABLE {database}.elsewhere TO {database}.django_session")


def test_what_is_wrong_everywhere_is_the_caller_s_error(mariadb_shop):
    begin()
    with pytest.raises(DatabaseError, match="nonsense"), connections["shop_replica"].cursor() as cursor:
        cursor.execute("SELECT nonsense FROM django_session")
    assert choosing.breaker_of("shop_replica").state == "closed"


def test_a_frozen_replica_costs_its_time_limits_once(mariadb_shop):
    connections["shop_replica"].settings_dict["OPTIONS"] |= {"read_timeout": 1, "connect_timeout": 1}
    write()
    mariadb_shop.db01.catch_up(mariadb_shop.db02)
    begin()
    assert home() == "shop_replica"
    mariadb_shop.db01.freeze()
    try:
        assert Session.objects.using("shop_replica").get().session_key == "a"
        assert choosing.breaker_of("shop_replica").state == "open"
        begin()
        assert home() == "shop"
    finally:
        mariadb_shop.db01.thaw()


@pytest.mark.django_db
def test_who_is_logged_in_is_known_though_the_session_is_not_on_the_replica_yet(
    mariadb_shop, django_user_model, monkeypatch
):
    monkeypatch.setattr(
        identity, "close_old_connections", bool
    )  # it would close the one of the test's transaction
    user = django_user_model.objects.create_user("ann")
    mariadb_shop.db01.hold_back()
    session = SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings_module.AUTHENTICATION_BACKENDS[0]}
    )
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    told = Visitor({})
    told.work.wrote("shop")
    position = told.end(HttpResponse()).cookies[COOKIE].value
    begin()
    assert identity.identify({"sessionid": session.session_key}).principal is None  # as the replica has it
    found = identity.identify({"sessionid": session.session_key, COOKIE: position})
    assert found.principal is not None
    assert found.principal.username == "ann"


@pytest.mark.django_db
def test_a_sandbox_needs_no_replica(mariadb_shop):
    mariadb_shop.db01.kill()
    with Databases().rolled_back():
        write()
        assert home() == "shop"
    begin()
    assert home() is None


def test_a_primary_that_keeps_no_log_is_read_itself(mariadb_url, settings, django_db_blocker, caplog):
    with django_db_blocker.unblock(), opened(mariadb_url, mariadb_url, settings):
        call_command("migrate", "sessions", database="shop", verbosity=0)
        begin()
        assert Session.objects.first() is None
        write()
        assert home() == "shop"
    assert "it keeps no log" in caplog.text


def test_migrations_leave_replicas_alone(mariadb_shop):
    call_command("migrate", "contenttypes", database="shop_replica", verbosity=0)
    assert "django_content_type" not in connections["shop_replica"].introspection.table_names()


def kill(server, connection):
    """Have the server end a connection of ours, as a balancer or an operator does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        (number,) = cursor.fetchone()
    server.execute(f"KILL {number}")
