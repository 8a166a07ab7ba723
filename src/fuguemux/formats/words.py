"""Words of a text, as `#{mouse_word}` and `#{copy_cursor_word}` show them."""

from fuguemux.model.live import TextAt


def word_at(text: TextAt, separators: str) -> str:
    """The word at the place, or the one that follows a separator there; empty if there is none. After tmux 3.3a."""
    line, begin = text.line, text.offset

    def separates(at: int) -> bool:
        return line[at] in separators or line[at] in " \t"

    if begin >= len(line):
        return ""
    if separates(begin):
        begin += 1
    else:
        while begin > 0 and not separates(begin - 1):
            begin -= 1
    end = begin
    while end < len(line) and not separates(end):
        end += 1
    return line[begin:end]
