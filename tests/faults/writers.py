"""Writers that storm two tables, and a ledger of what was acknowledged."""

from __future__ import annotations

import random
import threading

from django.db import Error as DatabaseError
from django.db import IntegrityError

from strangler.move.databases import connection_to, dialect_of
from strangler.move.dialects.base import Statement


class Storm:
    """Threads that insert, update, delete, change keys, update in bulk, cascade and exchange unique values.

    Args: url: of the source. rate: statements per second and writer, about.
    """

    def __init__(self, url, *, writers=3, rate=70):
        self.url, self.rate = url, rate
        self.stop = threading.Event()
        self.counts = {}
        self.failures = []
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(writers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)

    def _write(self, number):
        dice = random.Random(number)
        site = dialect_of(connection_to(self.url, alias=f"writer{number}"))
        acts = [getattr(self, name) for name in dir(self) if name.startswith("act_")]
        while not self.stop.wait(1 / self.rate):
            act = dice.choice(acts)
            try:
                with site.transaction():
                    act(site, dice)
            except IntegrityError:
                continue  # the dice met a key that is taken
            except DatabaseError as error:
                if not site.is_retryable(error):
                    self.failures.append(f"{act.__name__}: {error}")
                continue
            self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1
        site.connection.close()

    @staticmethod
    def run(site, sql, *params):
        return site.execute(Statement(sql=sql, params=params))

    def act_insert(self, site, dice):
        key = dice.randrange(1, 1_000_000)
        self.run(site, "INSERT INTO photo VALUES (%s, %s, %s)", key, f"new {key}", dice.randrange(9))
        self.run(site, "INSERT INTO tag VALUES (%s, %s, %s)", key, f"Étiquette {key} \\ 🎉", "x\ty\nz")

    def act_update(self, site, dice):
        self.run(
            site,
            "UPDATE photo SET stars = stars + 1 WHERE id >= %s ORDER BY id LIMIT 1",
            dice.randrange(1_000_000),
        )

    def act_delete_with_its_tags(self, site, dice):
        rows = site.fetch(
            Statement(
                sql="SELECT id FROM photo WHERE id >= %s ORDER BY id LIMIT 1",
                params=(dice.randrange(1_000_000),),
            )
        )
        for (key,) in rows:
            self.run(site, "DELETE FROM tag WHERE photo = %s", key)
            self.run(site, "DELETE FROM photo WHERE id = %s", key)

    def act_change_key(self, site, dice):
        old = dice.randrange(1_000_000)
        self.run(
            site,
            "UPDATE photo SET id = %s WHERE id >= %s ORDER BY id LIMIT 1",
            dice.randrange(1_000_000),
            old,
        )

    def act_update_in_bulk(self, site, dice):
        first = dice.randrange(1_000_000)
        self.run(site, "UPDATE photo SET stars = 7 WHERE id BETWEEN %s AND %s", first, first + 2_000)

    def act_exchange(self, site, dice):
        first = dice.randrange(1_000_000)
        rows = site.fetch(
            Statement(
                sql="SELECT id, title FROM photo WHERE id >= %s ORDER BY id LIMIT 2 FOR UPDATE",
                params=(first,),
            )
        )
        if len(rows) == 2:
            (one, title), (two, other) = rows
            self.run(site, "UPDATE photo SET title = %s WHERE id = %s", f"between {one}", one)
            self.run(site, "UPDATE photo SET title = %s WHERE id = %s", title, two)
            self.run(site, "UPDATE photo SET title = %s WHERE id = %s", other, one)

    def act_change_the_case_of_a_key(self, site, dice):
        self.run(
            site,
            "UPDATE tag SET name = UPPER(name) WHERE photo >= %s ORDER BY photo LIMIT 1",
            dice.randrange(1_000_000),
        )
