"""Facts of a pane that are looked up only when they are read."""

from fuguemux.model.live import ForegroundFacts, HistoryFacts, PaneFacts


def test_expensive_facts_are_looked_up_when_they_are_read() -> None:
    looked: list[str] = []

    def history() -> HistoryFacts:
        looked.append("history")
        return HistoryFacts(3, 40)

    def foreground() -> ForegroundFacts:
        looked.append("foreground")
        return ForegroundFacts("vi")

    facts = PaneFacts(history=history, foreground=foreground)
    assert looked == []
    assert (facts.history_size, facts.history_bytes, facts.current_command) == (3, 40, "vi")
    assert looked == ["history", "history", "foreground"]
