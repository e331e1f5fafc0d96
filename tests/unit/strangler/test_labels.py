"""Which tables the labels of the topology stand for."""

from strangler.labels import tables_of


def test_a_model_stands_for_its_table_and_those_of_its_many_to_many_fields():
    assert tables_of("auth.User") == ("auth_user", "auth_user_groups", "auth_user_user_permissions")


def test_a_model_that_is_not_here_has_the_table_that_django_would_give_it():
    assert tables_of("photos.Gone") == ("photos_gone",)


def test_what_is_no_label_is_a_table():
    assert tables_of("plain_table") == ("plain_table",)
