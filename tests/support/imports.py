"""The imports within the package: the graph of its modules, the graph of its rooms, and circles in a graph.

Imports inside functions and under TYPE_CHECKING count like any other, because a reader has to follow them too.
"""

import ast
import graphlib
from collections.abc import Iterable, Iterator, Mapping

Graph = dict[str, set[str]]
"""The name of a module or a room, and the names of those that it imports."""


def graph_of(texts: Iterable[tuple[str, str]], package: str) -> Graph:
    """The imports among modules of `package`, from (path below the directory that holds the package, text) of each."""
    trees = {_module_name(path): ast.parse(text) for path, text in texts}
    return {
        name: {found for found in _imported(tree, package, trees) if found != name}
        for name, tree in trees.items()
    }


def rooms_of(graph: Graph) -> Graph:
    """The same graph with folders for modules. A module that lies beside folders is a room of its own."""
    folders = {module.rpartition(".")[0] for module in graph}
    beside = {folder.rpartition(".")[0] for folder in folders}

    def room(module: str) -> str:
        folder = module.rpartition(".")[0]
        return module if folder in beside else folder

    found: Graph = {}
    for module, imported in graph.items():
        found.setdefault(room(module), set()).update(room(name) for name in imported)
    return {name: imported - {name} for name, imported in found.items()}


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """One circle of imports: each name imports the one before it, and the first is the last. Empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def public_classes(text: str) -> list[str]:
    """Names of the classes at the top of a module that do not begin with an underscore."""
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(tree: ast.AST, package: str, modules: Mapping[str, object]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            if node.module.partition(".")[0] != package:
                continue
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                name = whole if whole in modules else node.module
                if name in modules:
                    yield name
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
