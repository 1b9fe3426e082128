"""Draw docs/images/network_edges.png from the data of docs/networks.md.

python tools/make_network_picture.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "docs"))
from doc_blocks import code_blocks  # noqa: E402  # found only now


def main() -> None:
    """Run the page up to the fits and save the picture."""
    namespace: dict[str, object] = {}
    for block in code_blocks(ROOT / "docs" / "networks.md"):
        if block.language == "python":
            exec(block.source, namespace)
        if "res" in namespace:
            break
    namespace["res"].plot_edges(most=3).savefig(ROOT / "docs" / "images" / "network_edges.png", dpi=90)


if __name__ == "__main__":
    main()
