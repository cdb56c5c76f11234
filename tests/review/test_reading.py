"""Input that is not a preview is refused with the command that creates one."""

from __future__ import annotations

import json

import pytest

from pipeline.review.preview import UnreadablePreviewError
from pipeline.review.reading import read
from tests.review.previews import text

BAD = {
    "nothing": ("", "is empty"),
    "only spaces": ("  \n ", "is empty"),
    "an error of the CLI": ("error: no stack named 'dev' found\n", "line 1 of the preview is not JSON"),
    "text among the events": (text("unchanged.jsonl").splitlines()[0] + "\nwarning: a new version\n", "line 2 of the preview is not JSON"),
    "a document that was cut off": (text("memory.json")[:5000], "is not JSON"),
    "another document": ('{"version": 3, "deployment": {}}', "neither steps nor a changeSummary"),
    "a list": ("[1, 2]", "is no object"),
    "a number": ("17", "is no object"),
    "other events": ('{"a": 1}\n{"b": 2}\n', "none of the events"),
    "an operation of a later version": (
        json.dumps({"steps": [{"op": "teleport", "urn": "urn:pulumi:s::p::t::n"}]}),
        "'teleport', unknown to this version",
    ),
    "a step without a URN": (json.dumps({"steps": [{"op": "same"}]}), "URN None"),
    "a step that is none": (json.dumps({"steps": ["same"]}), "is no object"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.adversary("inputs")
def test_input_that_is_no_preview_is_refused_with_a_cure(name: str) -> None:
    given, told = BAD[name]
    with pytest.raises(UnreadablePreviewError, match=told):
        read(given)


def test_no_refusal_repeats_its_input() -> None:
    """The input may be a password."""
    with pytest.raises(UnreadablePreviewError) as caught:
        read("password=hunter2\n")
    assert "hunter2" not in str(caught.value)


def test_events_that_end_without_a_summary_are_a_preview_that_failed() -> None:
    whole = text("memory.jsonl").splitlines()
    assert "summaryEvent" in whole[-1]
    cut = read("\n".join(whole[:-1]))
    assert not cut.succeeded
    assert not cut.complete
    assert read("\n".join(whole)).complete


def test_a_replacement_in_three_events_is_one_step_with_both_states() -> None:
    (bucket,) = [step for step in read(text("bucket-renamed.jsonl")).steps if step.type == "aws:s3/bucket:Bucket"]
    assert bucket.fate == "replace"
    assert bucket.old is not None
    assert bucket.new is not None
    assert (bucket.old.inputs["bucket"], bucket.new.inputs["bucket"]) == ("datapipe-ingestion-123", "other-archive")
    assert bucket.reasons == ("bucket",)


def test_a_stack_is_known_by_its_resources() -> None:
    assert read(text("empty.jsonl")).stack == "data-ingestion/sandbox"
    assert read('{"steps": [], "changeSummary": {}}').stack is None
