"""Tests the lines of a list: what is tagged and found, and which items are shown after a change."""

from fuguemux.server.modes.tree_list import Tree, TreeItem

CHILDREN = (TreeItem("k1", "a", "one"), TreeItem("k2", "b", "two"))
ITEMS = (
    TreeItem("top", "Options", "", CHILDREN, True, taggable=False),
    TreeItem("other", "Keys", "", (TreeItem("k3", "c", "three"),)),
)


def visible(tree: Tree) -> list[str]:
    return [row.item.tag for row in tree.rows]


def test_the_first_visible_of_the_wanted_is_chosen() -> None:
    assert Tree(ITEMS, ("k3", "k2")).current == 2
    assert Tree(ITEMS, ()).current == 0


def test_what_cannot_be_tagged_is_passed_over() -> None:
    tree = Tree(ITEMS, ())
    tree.tag()
    assert tree.only_tagged() == []
    tree.tag_all()
    assert tree.tagged == {"k1", "k2", "other"}


def test_without_a_tag_the_chosen_item_counts() -> None:
    tree = Tree(ITEMS, ("k2",))
    assert [item.tag for item in tree.chosen()] == ["k2"]
    tree.tag()
    tree.move(-2)
    assert [item.tag for item in tree.chosen()] == ["k2"]


def test_a_search_begins_behind_the_chosen_item() -> None:
    tree = Tree(ITEMS, ("k1",))
    tree.find(lambda item: "o" in item.text)
    assert tree.current == 2
    tree.find(lambda item: "one" in item.text)
    assert tree.current == 1
    tree.find(lambda item: False)
    assert tree.current == 1


def test_folding_and_unfolding() -> None:
    tree = Tree(ITEMS, ("k2",))
    tree.fold()
    assert visible(tree) == ["top", "other"]
    assert tree.current == 0
    tree.unfold_all(unfold=True)
    assert visible(tree) == ["top", "k1", "k2", "other", "k3"]
    tree.put(ITEMS[1:])
    assert visible(tree) == ["other", "k3"]
