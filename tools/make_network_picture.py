"""Draw the pictures of docs/networks.md and docs/bayesian_networks.md from the data of these pages.

python tools/make_network_picture.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "docs"))
from doc_blocks import code_blocks  # noqa: E402  # found only now

PICTURES = {
    "networks.md": ("edges.png", "network_edges.png", 3),
    "bayesian_networks.md": ("effects.png", "network_effects.png", 6),
}
"""Of each page: what it saves, the file here, and how many edges."""


def main() -> None:
    """Run each page up to the block that saves the picture, and save it."""
    for page, (saved, picture, most) in PICTURES.items():
        namespace: dict[str, object] = {}
        for block in code_blocks(ROOT / "docs" / page):
            if f'savefig("{saved}"' in block.source:
                break
            if block.language == "python":
                exec(block.source, namespace)
        namespace["res"].plot_edges(most=most).savefig(ROOT / "docs" / "images" / picture, dpi=90)


if __name__ == "__main__":
    main()
