"""Tables of every kind that a storm writes to."""

from django.db import models


class Album(models.Model):
    """What photos hang on, by a foreign key that Django cascades."""

    owner = models.CharField(max_length=20)

    def __str__(self):
        return f"album of {self.owner}"


class Photo(models.Model):
    """Counts how often it was changed, so that a change done twice is seen."""

    album = models.ForeignKey(Album, null=True, on_delete=models.CASCADE)
    owner = models.CharField(max_length=20, db_index=True)
    title = models.CharField(max_length=100)
    number = models.IntegerField(default=0)

    def __str__(self):
        return self.title


class Tag(models.Model):
    """Can change its primary key."""

    name = models.CharField(max_length=60, primary_key=True)
    number = models.IntegerField(default=0)

    def __str__(self):
        return self.name
