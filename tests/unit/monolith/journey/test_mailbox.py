from datetime import timedelta

from monolith.journey.mailbox import Mailbox

SHORT = timedelta(milliseconds=50)


def deliver(folder, number, *, to):
    (folder / f"{number}.eml").write_text(f"To: {to}\nMessage-ID: <{number}@shop.example>\n\nWelcome.\n")


def test_all_copies_of_a_mail_are_there_oldest_first(tmp_path):
    for number, to in enumerate(["ann@example.com", "ben@example.com", "ann@example.com"]):
        deliver(tmp_path, number, to=to)
    mails = Mailbox(tmp_path).mails(to="ann@example.com")
    assert [mail["Message-ID"] for mail in mails] == ["<0@shop.example>", "<2@shop.example>"]


def test_a_mail_that_is_half_written_is_not_seen(tmp_path):
    deliver(tmp_path, 1, to="ann@example.com")
    (tmp_path / "1.eml").rename(tmp_path / ".1.eml.part")
    assert Mailbox(tmp_path).mails(to="ann@example.com") == []


def test_waiting_ends_with_the_newest_mail_or_with_nothing(tmp_path):
    box = Mailbox(tmp_path)
    assert box.wait_for(to="ann@example.com", patience=SHORT) is None
    deliver(tmp_path, 1, to="ann@example.com")
    deliver(tmp_path, 2, to="ann@example.com")
    mail = box.wait_for(to="ann@example.com", patience=SHORT)
    assert mail is not None
    assert mail["Message-ID"] == "<2@shop.example>"


def test_a_folder_that_nobody_made_yet_has_no_mails(tmp_path):
    assert Mailbox(tmp_path / "mail").mails(to="ann@example.com") == []
