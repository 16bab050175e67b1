"""What a citizen is handed can be read without a program."""

from deploy.cli.citizen import lines_of


def test_an_export_is_written_in_words_with_what_each_part_is() -> None:
    export = {
        "says": {"citizen": {"da": "Borgeren", "en": "The citizen"}, "needs": {"da": "Behovene", "en": "The needs"}},
        "citizen": {"name": "Anne", "note": None},
        "needs": [{"status": "open", "stated": {"sections": [{"section": "SEL-103"}]}}],
    }
    assert list(lines_of(export)) == [
        "== Borgeren",
        "   The citizen",
        "  name: Anne",
        "",
        "== Behovene",
        "   The needs",
        "  1:",
        "    status: open",
        "    stated:",
        "      sections:",
        "        1:",
        "          section: SEL-103",
        "",
    ]
