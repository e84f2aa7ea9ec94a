"""Widgets."""

from django.db import models


class Widget(models.Model):
    """A thing with a name."""

    name = models.CharField(max_length=140)
