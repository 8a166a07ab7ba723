"""Every effect belongs to one of the kinds that the effect runner distinguishes."""

from typing import get_args

from fuguemux.model import effects as ef
from fuguemux.model.overlay_effects import OverlayEffect


def test_every_effect_class_is_in_the_union_and_in_one_kind_only() -> None:
    immediate, awaited = get_args(ef.ImmediateEffect), get_args(ef.AwaitedEffect)
    kinds = (ef.StartProcess, *immediate, *awaited)
    assert len(set(kinds)) == len(kinds)
    assert (
        set(kinds)
        == set(get_args(ef.AnyEffect))
        == {
            *ef.Effect.__subclasses__(),
            *OverlayEffect.__subclasses__(),
        }
    )
