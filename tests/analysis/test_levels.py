from ganvas.analysis.levels import as_text, labels_of, natural, rounded


def test_a_value_is_written_as_an_override_would_be():
    assert as_text("a b") == "a b"
    assert as_text([1, None, True]) == "[1, null, true]"
    assert as_text({"of": "a, b", "_target_": "Box"}) == "{_target_:Box,of:'a, b'}"


def test_numbers_keep_the_digits_that_tell_them_apart():
    assert rounded(["0.012345678", "0.2", "3"]) == ("0.0123", "0.2", "3")
    assert rounded(["0.1234561", "0.1234562"]) == ("0.1234561", "0.1234562")
    assert rounded(["0.12345611111", "0.12345622222"]) == ("0.1234561", "0.1234562")


def test_mappings_show_their_targets_name_and_what_differs():
    box = {"_target_": "ganvas.mask.Box", "left": 0.1, "right": 0.9}
    other = box | {"left": 0.4}
    ellipse = {"_target_": "ganvas.mask.Ellipse", "right": 0.9}
    assert labels_of([box, other]) == ("{left:0.1}", "{left:0.4}")
    assert labels_of(["full", box]) == ("full", "Box")
    assert labels_of([box, other, ellipse]) == ("Box{left:0.1}", "Box{left:0.4}", "Ellipse")
    # 1 and 1.0 are equal for Python, and two levels.
    assert labels_of([{"x": 1, "y": 0}, {"x": 1.0, "y": 0}]) == ("{x:1}", "{x:1.0}")
    # One package's Box beside another's: the names do not tell them apart.
    theirs = box | {"_target_": "mine.Box"}
    assert labels_of([box, theirs]) == (as_text(box), as_text(theirs))


def test_numbers_within_names_sort_as_numbers():
    assert sorted(["row 10", "row 9", "Row 1"], key=natural) == ["Row 1", "row 9", "row 10"]
