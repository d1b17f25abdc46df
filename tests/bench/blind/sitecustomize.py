"""For the bench alone: a gateway started with this folder in PYTHONPATH has children that read nothing (reader.py beside this file)."""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType


class _Blind(MetaPathFinder, Loader):
    """Imports gateway.edges.sandbox with another reader."""

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name != "gateway.edges.sandbox":
            return None
        found = PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        assert found is not None
        assert found.loader is not None
        self._real = found.loader
        return ModuleSpec(name, self, origin=found.origin)

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        module.Sandbox.__init__.__kwdefaults__["reader"] = f"{Path(__file__).with_name('reader.py')}:read"


sys.meta_path.insert(0, _Blind())
