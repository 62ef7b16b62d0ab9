"""The page in Chromium, opened from disk without a network."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from ganvas.analysis.axes import find_axes
from ganvas.analysis.study import read_study
from ganvas.report import build
from synthetic_study import make_study

Error = pytest.importorskip("playwright.sync_api", reason="needs: pip install playwright").Error
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore")]

SHOWN = "img.live[src]"


def make_grid(folder):
    """Two axes, all four settings, three images."""
    groups = {"mask": ["full", "box"], "loss": ["lpips", "pixel"], "layers": ["all"]}
    return make_study(folder, runs=4, frames=2, seeds=1, groups=groups, rates=[0.02])


def column(page, key):
    return page.locator(f".row:not(.group) .cell[data-column='{key}']").all_inner_texts()


def numbers(texts):
    return [float(text) for text in texts if text != "–"]


def sorted_by(page, key, descending):
    values = numbers(column(page, key))
    return values[0] != values[-1] and values == sorted(values, reverse=descending)


def steps(page):
    paths = page.locator(SHOWN).evaluate_all("nodes => nodes.map((node) => node.dataset.path)")
    return [int(re.search(r"frames/(\d+)", path)[1]) for path in paths if path]


def wait_until(page, holds, seconds=9):
    """Playwright's own waiting evaluates a string in the page, which its policy forbids."""
    for _ in range(seconds * 10):
        with contextlib.suppress(Error):  # a page that reloads just now cannot be asked
            if holds():
                return
        page.wait_for_timeout(100)
    raise AssertionError("it never came true")


def test_summary_names_the_winner_and_says_when_there_are_too_few_images(page_path, open_page):
    page = open_page(page_path)
    assert "image2stylegan_pp" in page.locator(".verdict h2").inner_text()
    hint = page.locator(".verdict .hint").inner_text()
    assert "Not decided: 3 images; 7 more would do" in hint
    assert "ganvas run -m study=masks" in hint
    assert "differs significantly from 0" not in page.locator(".verdict").inner_text()


def test_a_click_on_the_head_sorts_up_and_down(page_path, open_page):
    page = open_page(page_path, "view=runs&hide=run")
    best_first = numbers(column(page, "psnr"))
    assert best_first == sorted(best_first, reverse=True)
    for descending in (False, True):
        page.click("[data-key='sort:lpips']")
        wait_until(page, lambda: len(numbers(column(page, "lpips"))) > 1)
        wait_until(page, lambda d=descending: sorted_by(page, "lpips", d))


def test_filter_keeps_what_it_says(page_path, open_page):
    page = open_page(page_path, "view=runs")
    everything = page.locator(".count").inner_text()
    page.fill("#filter", "mask=box|full psnr>22")
    assert page.locator(".count").inner_text() != everything
    assert set(column(page, "mask")) <= {"box", "full"}
    assert all(value > 22 for value in numbers(column(page, "psnr")))
    page.fill("#filter", "state=failed")
    wait_until(page, lambda: column(page, "state") == ["failed"])


def test_group_hide_and_only_what_differs(page_path, open_page):
    page = open_page(page_path, "view=runs&group=mask&hide=ssim")
    assert page.locator(".row.group").count() >= 2
    assert page.locator("[data-key='sort:ssim']").count() == 0
    assert page.locator("[data-key='sort:generator.resolution']").count() == 0
    page.get_by_label("only what differs").check()
    assert page.locator("[data-key='sort:mask._target_']").count() == 1
    assert page.locator("[data-key='sort:generator.resolution']").count() == 0
    for box in page.locator(".row:not(.group) .pick input").all()[:2]:
        box.check()
    assert page.locator(".differences thead td").count() == 2


def test_the_table_holds_only_the_rows_in_view(page_path, open_page):
    page = open_page(page_path, "view=runs", viewport={"width": 1280, "height": 500})
    before = column(page, "id")
    assert len(before) < 24
    page.locator(".table").evaluate("node => { node.scrollTop = node.scrollHeight; }")
    page.wait_for_timeout(100)
    assert set(column(page, "id")) != set(before)


@pytest.mark.parametrize("where", ["page_path", "single_path"])
def test_one_slider_moves_every_picture(where, request, open_page):
    page = open_page(
        request.getfixturevalue(where), "view=pictures&fix=seed|*~mask|*~loss|*~layers|*"
    )
    wait_until(page, lambda: len(steps(page)) > 10)
    page.locator("#step").fill("0")
    page.wait_for_timeout(150)
    assert set(steps(page)) == {28}
    page.locator("#step").fill("2")
    page.wait_for_timeout(150)
    assert set(steps(page)) == {84} or set(steps(page)) == {56, 84}  # a failed run ended early
    loaded = "nodes => nodes.every((node) => node.complete && node.naturalWidth)"
    wait_until(page, lambda: page.locator(SHOWN).evaluate_all(loaded))


def test_stages_stand_below_the_slider_where_all_runs_agree(study, tmp_path, open_page):
    shutil.copytree(study, tmp_path / "study")
    marks = ".stepper .stages span"
    page = open_page(build(tmp_path / "study"), "view=pictures")
    assert page.locator(marks).all_text_contents() == ["w", "n"]
    finished = (
        f for f in sorted((tmp_path / "study").glob("*/metrics.jsonl")) if '"n"' in f.read_text()
    )
    file = next(finished)
    # The second stage begins at step 40 here, and at 80 everywhere else.
    rows = [json.loads(row) for row in file.read_text().splitlines()]
    moved = [row | {"stage": "w" if row["step"] <= 40 else "n"} for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in moved))
    page = open_page(build(tmp_path / "study"), "view=pictures")
    assert page.locator(marks).count() == 0
    stages = []
    for place in ("0", "1", "2"):
        page.locator("#step").fill(place)
        page.wait_for_timeout(150)
        stages.append(page.locator(".stepper output small").text_content())
    assert stages == ["w", "w · n", "n"]


def test_wipe_flicker_and_difference(page_path, open_page):
    page = open_page(page_path, "view=pictures")
    page.locator(".wall-row:not(.target) button.picture").first.click()
    layer = page.locator(".over-layer")
    assert "50%" in layer.evaluate("node => node.style.clipPath")
    handle = page.locator(".handle").bounding_box()
    pane = page.locator(".pane").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 100)
    page.mouse.down()
    page.mouse.move(pane["x"] + pane["width"] * 0.2, handle["y"] + 100, steps=4)
    page.mouse.up()
    assert "20%" in layer.evaluate("node => node.style.clipPath")
    page.keyboard.press("4")
    assert layer.evaluate("node => getComputedStyle(node).mixBlendMode") == "difference"
    page.keyboard.press("3")
    page.wait_for_selector(".pane[data-shows='a']")
    page.wait_for_selector(".pane[data-shows='b']")
    page.keyboard.press("Escape")
    assert page.locator(".viewer").count() == 0


def test_masks_lie_over_the_wall_and_in_the_viewer(page_path, open_page):
    page = open_page(page_path, "view=pictures&rows=mask&fix=seed|*~loss|*~layers|*")
    assert page.locator("img.mask").count() == 0
    page.get_by_label("mask", exact=True).last.check()
    wait_until(page, lambda: page.locator(".wall img.mask[src]").count() > 0)
    over = page.locator(".wall img.mask").first
    assert "mask.png" in over.get_attribute("data-path")
    assert over.evaluate("node => getComputedStyle(node).filter").startswith("url(")
    box, under = over.bounding_box(), page.locator(".wall-cell:has(img.mask) img.live").first
    assert box == under.bounding_box()
    over.click()
    assert page.locator(".pane img.mask").count() == 1
    page.keyboard.press("m")
    assert page.locator(".pane img.mask").count() == 0


def test_zoom_and_pan_are_kept_in_step(page_path, open_page):
    page = open_page(page_path, "view=pictures")
    page.locator(".wall-row:not(.target) button.picture").first.click()
    page.keyboard.press("1")
    page.mouse.move(300, 400)
    page.mouse.wheel(0, -500)
    page.mouse.down()
    page.mouse.move(340, 420)
    page.mouse.up()
    moves = page.locator(".panned").evaluate_all("nodes => nodes.map((n) => n.style.transform)")
    assert len(moves) == 2
    assert len(set(moves)) == 1
    assert "scale(1)" not in moves[0]


def test_a_link_restores_the_exact_view(page_path, open_page):
    page = open_page(page_path, "view=runs")
    page.fill("#filter", "mask=box")
    page.click("[data-key='sort:seconds']")
    page.locator("#step").fill("1")
    page.select_option("[data-key='metric']", "lpips")
    wait_until(page, lambda: "metric=lpips" in page.url)
    link = page.url.split("#")[1]
    rows = column(page, "id")
    other = open_page(page_path, link)
    assert column(other, "id") == rows
    assert other.locator("#filter").input_value() == "mask=box"
    assert other.locator(".stepper output b").inner_text() == "56"
    assert other.locator("[data-key='metric']").input_value() == "lpips"


def test_a_link_restores_the_viewer(page_path, open_page):
    page = open_page(page_path, "view=pictures")
    page.locator(".wall-row:not(.target) button.picture").first.click()
    page.keyboard.press("4")
    page.keyboard.press("m")
    page.keyboard.press("+")
    wait_until(
        page, lambda: all(part in page.url for part in ("mode=difference", "mask=1", "zoom"))
    )
    other = open_page(page_path, page.url.split("#")[1])
    for shown in (page, other):
        assert shown.locator(".stage.difference").count() == 1
    transform = "nodes => nodes.map((node) => node.style.transform)"
    assert other.locator(".panned").evaluate_all(transform) == page.locator(".panned").evaluate_all(
        transform
    )


def test_the_back_button_goes_back(page_path, open_page):
    page = open_page(page_path, "view=runs")
    page.locator(".row .cell").first.click()
    page.wait_for_selector(".run-head")
    page.go_back()
    page.wait_for_selector(".table")


@pytest.mark.parametrize("where", ["page_path", "single_path"])
def test_a_run_page_shows_config_provenance_and_the_command(where, request, open_page, study):
    page = open_page(request.getfixturevalue(where), "view=runs")
    name = column(page, "id")[0]
    page.locator(f"[data-run='{name}'] .cell").first.click()
    page.wait_for_selector(".command")
    assert page.locator(".folded[open]").count() == 0
    for folded in page.locator(".folded > summary").all():
        folded.click()
    text = page.locator("main").inner_text()
    assert "ganvas rerun " in text
    assert name in page.locator(".command").first.inner_text()
    for part in ("0123456789abcdef", "peak memory", "generator.resolution", "steps per second"):
        assert part in text


def test_what_looks_like_markup_shows_as_text(page_path, single_path, open_page):
    for path in (page_path, single_path):
        page = open_page(path, "view=runs")
        page.locator(".row .cell").first.click()
        page.wait_for_selector(".command")
        page.locator(".folded > summary", has_text="Configuration").click()
        value = page.locator(".config dt:text-is('note') + dd").inner_text()
        assert value.startswith("<script>document.title='owned'</script>")
        assert page.title() == "masks · ganvas"
        assert page.locator("main img[src='x']").count() == 0


def test_brushing_keeps_runs_in_every_view(page_path, open_page):
    page = open_page(page_path, "view=axes")
    box = page.locator("rect.grab[data-axis='psnr']").bounding_box()
    page.mouse.move(box["x"] + 16, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 16, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert page.locator(".trace.out").count() > 0
    page.click("[data-key='tab:runs']")
    assert " of 24 runs" in page.locator(".count").inner_text()


def test_curves_smooth_and_hover(page_path, open_page):
    page = open_page(page_path, "view=curves&smooth=0.8&log=1&x=seconds")
    card = page.locator("[data-metric='psnr'] svg")
    assert card.locator(".line.raw").count() >= 2
    assert card.locator(".band").count() >= 2
    card.hover()
    assert "±" in page.locator(".tip").inner_text()


def test_comparisons_read_in_full(page_path, open_page):
    page = open_page(page_path, "view=comparisons&by=mask")
    page.locator(".matrix td button").first.click()
    assert "over 3 images" in page.locator(".reading").inner_text()


@pytest.mark.parametrize("view", ["summary", "runs", "curves", "axes", "comparisons", "pictures"])
def test_a_telephone_does_not_scroll_sideways(view, page_path, open_page):
    page = open_page(
        page_path, f"view={view}", viewport={"width": 390, "height": 800}, color_scheme="dark"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (
        page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(16, 18, 21)"
    )


def test_keys_move_between_views_rows_and_steps(page_path, open_page):
    page = open_page(page_path)
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.locator(".table").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press(",")
    assert page.locator(".stepper output b").inner_text() == "112"
    page.keyboard.press("Enter")
    page.wait_for_selector(".run-head")
    page.keyboard.press("Escape")
    page.wait_for_selector(".table")


def test_a_watched_page_shows_the_newer_build(study, tmp_path, open_page):
    folder = tmp_path / "live"
    page = open_page(build(study, folder, watched=True), "view=runs&q=mask=box")
    stamp = "JSON.parse(document.getElementById('data')?.textContent ?? '{}').built"
    built = page.evaluate(stamp)
    build(study, folder, watched=True)
    wait_until(page, lambda: page.evaluate(stamp) != built)
    page.wait_for_selector("#app[data-ready]")
    assert page.locator("#filter").input_value() == "mask=box"


def test_a_study_without_results_opens(tmp_path: Path, open_page):
    run = tmp_path / "young" / "first-00000000"
    run.mkdir(parents=True)
    (run / "status.json").write_text('{"state": "running", "images": ["000"], "step": 1}')
    path = build(tmp_path / "young")
    for view in ("summary", "runs", "curves", "axes", "comparisons", "pictures"):
        open_page(path, f"view={view}")
    open_page(path, "run=first-00000000")


def captions(page):
    """Per picture of the wall: its row, column, run and label."""
    script = """cells => cells.flatMap((cell) => {
      const row = cell.parentElement;
      const columns = [...row.parentElement.querySelectorAll('.wall-head > b')];
      const place = [...row.querySelectorAll('.wall-cell')].indexOf(cell);
      return [...cell.querySelectorAll('button.picture')].map((button) => [
        row.querySelector('.side').title, columns[place].title, button.dataset.run,
        button.parentElement.querySelector('figcaption').textContent]);
    })"""
    return page.locator(".wall-row:not(.target) .wall-cell").evaluate_all(script)


def levels_of(study):
    runs = read_study(study)
    axes = [axis for axis in find_axes(runs) if not axis.is_unit]
    return {
        run.name: tuple(axis.levels[axis.of_run[index]] for axis in axes)
        for index, run in enumerate(runs)
    }


def test_the_wall_shows_every_setting_in_a_row_of_its_own(page_path, open_page, study):
    page = open_page(page_path, "view=pictures")
    shown = captions(page)
    levels = levels_of(study)
    seeds = {run.name: run.config["seed"] for run in read_study(study)}
    images = [column for _, column, _, _ in shown]
    assert set(images) == {"000", "001", "002"}
    assert len(shown) == 3 * len(levels)
    for row, _, run, label in shown:
        assert row == " · ".join(levels[run])
        assert label.startswith(f"seed {seeds[run]}")


@pytest.mark.parametrize("plan", ["", "&rows=loss&cols=mask", "&rows=layers&cols=loss"])
def test_the_order_of_the_wall_does_not_depend_on_the_score(plan, page_path, open_page):
    by_psnr, by_lpips, by_time = (
        captions(open_page(page_path, f"view=pictures&metric={metric}{plan}"))
        for metric in ("psnr", "lpips", "seconds")
    )
    places = [picture[:3] for picture in by_psnr]
    assert places == [picture[:3] for picture in by_lpips] == [p[:3] for p in by_time]
    assert by_psnr != by_lpips  # the labels say another number


def test_every_picture_of_a_cell_says_what_row_and_column_do_not(page_path, open_page, study):
    page = open_page(page_path, "view=pictures&rows=loss&cols=mask")
    while (more := page.locator(".wall .more")).count():
        more.first.click()
    levels = levels_of(study)
    shown = captions(page)
    assert len(shown) == 3 * len(levels)
    for row, column, run, label in shown:
        assert {row, column} < set(levels[run])
        rest = [level for level in levels[run] if level not in (row, column)]
        assert all(level in label for level in [*rest, "seed "])


def test_in_a_full_grid_a_place_of_a_cell_is_the_same_setting_in_every_cell(tmp_path, open_page):
    study = make_grid(tmp_path / "grid")
    run = next(r for r in read_study(study) if r.choices["mask"] == "full")
    record = json.loads((run.path / "metrics.json").read_text(encoding="utf-8"))
    for values in record["images"].values():
        values["psnr"] += 50  # it wins with one loss alone
    (run.path / "metrics.json").write_text(json.dumps(record))
    page = open_page(build(study), "view=pictures&rows=loss&cols=image ▦")
    labels = page.locator(".wall-row:not(.target) .wall-cell").evaluate_all(
        "cells => cells.map((cell) => [...cell.querySelectorAll('figcaption span')]"
        ".map((label) => label.textContent))"
    )
    assert len(labels) == 2 * 3  # losses, images
    assert {tuple(cell) for cell in labels} == {("box", "full")}


@pytest.fixture(scope="session")
def grid_path(tmp_path_factory):
    return build(make_grid(tmp_path_factory.mktemp("grid") / "grid"))


def test_the_summary_names_what_it_shows_and_leads_to_the_winner(grid_path, open_page):
    page = open_page(grid_path)
    heads = page.locator(".look header").all_inner_texts()
    assert heads[0] == "target"
    data = json.loads(page.locator("#data").text_content())
    ranking = data["analysis"]["ranking"]["psnr"]
    shown = {"best": ranking[0], "middle": ranking[2], "last": ranking[3]}
    axes = [axis["levels"] for axis in data["axes"]]
    for head, (rank, row) in zip(heads[1:], shown.items(), strict=True):
        setting = data["analysis"]["settings"][row["setting"]]
        name = " · ".join(levels[place] for levels, place in zip(axes, setting, strict=True))
        assert head.split("\n") == [f"{rank}, {row['mean']:.2f} dB", name]
    captions = page.locator(".look figcaption").all_inner_texts()
    assert sum(text.endswith(" dB") for text in captions) == 9
    assert "would do" in page.locator(".verdict .hint").inner_text()
    assert page.locator(".importance").count() == 0  # four runs cannot estimate it
    link = page.locator(".verdict h2 a")
    target = link.get_attribute("href")
    link.click()
    page.wait_for_selector(".run-head")
    assert target.startswith("#run=full-lpips-all-")
    wait_until(page, lambda: page.url.endswith(target))


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (800, 600)])
def test_the_first_screen_of_the_summary_shows_pictures(width, height, grid_path, open_page):
    page = open_page(grid_path, viewport={"width": width, "height": height})
    dock = page.locator(".dock").bounding_box()
    card = page.locator(".looks").bounding_box()
    pictures = [node.bounding_box() for node in page.locator(".look .picture").all()]
    in_view = [box for box in pictures if box["y"] + box["height"] <= dock["y"]]
    assert len(in_view) >= 8
    columns = {round(box["x"]) for box in pictures}
    assert len(columns) == 4
    assert 4 * pictures[0]["width"] > 0.85 * card["width"]


@pytest.mark.parametrize("view", ["summary", "runs", "pictures"])
def test_the_slider_covers_nothing(view, grid_path, open_page):
    page = open_page(grid_path, f"view={view}", viewport={"width": 800, "height": 500})
    page.evaluate("() => window.scrollTo(0, 1e6)")
    page.locator("main").evaluate("node => node.scrollTo(0, 1e6)")
    last = page.locator("main > .view").bounding_box()
    assert last["y"] + last["height"] <= page.locator(".dock").bounding_box()["y"] + 1


@pytest.mark.parametrize("view", ["runs", "pictures", "latent"])
def test_what_fills_the_window_leaves_nothing_to_scroll(view, page_path, open_page):
    page = open_page(page_path, f"view={view}", viewport={"width": 1440, "height": 900})
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(size) == [1440, 900]
    if view == "runs":
        table = page.locator(".table").evaluate("node => [node.scrollWidth, node.clientWidth]")
        assert table[0] == table[1]


@pytest.mark.parametrize("scrolled", [0, 1e6])
def test_a_wide_table_shows_which_run_it_is(scrolled, page_path, open_page):
    page = open_page(page_path, "view=runs", viewport={"width": 760, "height": 700})
    wait_until(page, lambda: column(page, "id"))
    table = page.locator(".table")
    assert table.evaluate("node => node.scrollWidth - node.clientWidth") > 100
    table.evaluate(f"node => node.scrollTo({scrolled}, 0)")
    card = table.bounding_box()
    for selector in (".head [data-column='id']", ".row:not(.group) .cell[data-column='id']"):
        cell = page.locator(selector).first
        box = cell.bounding_box()
        assert card["x"] <= box["x"]
        assert box["x"] + box["width"] <= card["x"] + card["width"]
        # What scrolls below it is not seen through it.
        assert "rgba" not in cell.evaluate("node => getComputedStyle(node).backgroundColor")


def test_arrows_and_enter_work_in_the_table_without_a_click(page_path, open_page):
    page = open_page(page_path)
    page.click("[data-key='tab:runs']")
    wait_until(page, lambda: column(page, "id"))
    names = column(page, "id")
    for place in range(3):
        page.keyboard.press("ArrowDown")
        assert page.locator(".row.cursor").get_attribute("data-run") == names[place]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("x")
    assert page.locator(".chosen").inner_text().startswith("1 selected")
    page.keyboard.press("Enter")
    page.wait_for_selector(".run-head")
    assert names[1] in page.locator(".run-head").inner_text()
    page.keyboard.press("j")
    wait_until(page, lambda: names[1] not in page.locator(".run-head").inner_text())


@pytest.mark.parametrize(
    "view", ["summary", "runs", "curves", "axes", "comparisons", "pictures", "latent"]
)
def test_an_empty_filter_is_told_on_every_page(view, page_path, open_page):
    page = open_page(page_path, f"view={view}&q=mask=nothing")
    assert page.locator(".title .count").inner_text() == "0 of 24 runs"
    notice = page.locator("main > .notice")
    if view in ("summary", "comparisons"):
        assert "whole study" in notice.inner_text()
    else:
        assert "No run passes the filter" in notice.inner_text()
    below = page.locator("main > .view").bounding_box()
    assert notice.bounding_box()["y"] < below["y"]
    notice.get_by_role("button").click()
    wait_until(page, lambda: page.locator(".title .count").inner_text() == "24 runs")
    assert notice.count() == 0


def test_the_latent_alone_stands_beside_each_result(grid_path, open_page):
    page = open_page(grid_path, "view=latent")
    data = json.loads(page.locator("#data").text_content())
    names = {run["id"]: index for index, run in enumerate(data["runs"])}
    shown = captions(page)
    assert len(shown) == 2 * 4 * 3
    for (_, image, run, left), (_, _, other, right) in zip(shown[0::2], shown[1::2], strict=True):
        assert run == other
        place = [names[run], int(image)]
        latent, final = (data[key]["psnr"][place[0]][place[1]] for key in ("latent", "perImage"))
        assert left == f"latent alone{latent:.2f} dB"
        assert right == f"result{final:.2f} dB"
    page.locator(".wall-row:not(.target) button.picture").first.click()
    paths = page.locator(".pane .panned").evaluate_all("nodes => nodes.map((n) => n.dataset.path)")
    assert [Path(path).name for path in paths] == ["w.png", "result.png"]


def test_a_signed_difference_tells_brighter_from_darker_and_has_a_scale(grid_path, open_page):
    page = open_page(grid_path, "view=latent&mode=difference&gain=8")
    page.locator(".wall-row:not(.target) button.picture").first.click()
    assert page.locator(".levels-scale").inner_text().split() == ["0", "32"]
    page.get_by_role("button", name="signed").click()
    assert page.locator(".levels-scale").inner_text().split() == ["−32", "0", "+32"]
    look = (
        "node => { const { filter, opacity } = getComputedStyle(node); return filter + opacity; }"
    )
    assert page.locator(".over-layer").evaluate(look) == "invert(1)0.5"
    assert page.locator(".pane").evaluate(look) == "contrast(8)1"


def test_the_best_setting_stands_out_and_no_line_crosses_a_label(page_path, open_page):
    page = open_page(page_path, "view=axes")
    assert page.locator(".trace.best").count() == 1
    order = page.locator(".parallel").evaluate(
        "root => [...root.children].map((node) => node.querySelector('.trace') ? 'traces' : 'axis')"
    )
    assert order[0] == "traces"
    assert set(order[1:]) == {"axis"}
    plates, labels = page.locator(".plate"), page.locator(".axis .tick")
    assert plates.count() == labels.count()
    for plate, label in zip(plates.all(), labels.all(), strict=True):
        outer, inside = plate.bounding_box(), label.bounding_box()
        assert outer["x"] <= inside["x"]
        assert outer["x"] + outer["width"] >= inside["x"] + inside["width"]


def test_a_click_on_a_line_opens_its_run(grid_path, open_page):
    page = open_page(grid_path, "view=curves&lines=run&only=psnr")
    page.locator("[data-metric='psnr'] svg.clickable").click(position={"x": 400, "y": 20})
    page.wait_for_selector(".run-head")
    assert "lpips" in page.locator(".run-head h2").inner_text()  # the uppermost line


def test_the_summary_compares_settings_on_the_same_photographs(tmp_path, open_page):
    study = make_grid(tmp_path / "grid")
    for path in [run.path for run in read_study(study)]:  # further photographs, in the same study
        more = path.with_name(f"{'a' if 'full-lpips' in path.name else 'z'}-{path.name}")
        shutil.copytree(path, more)
        for folder, photographs in ((path, "three"), (more, "more")):
            given = yaml.safe_load((folder / "overrides.yaml").read_text(encoding="utf-8"))
            given["overrides"].append(f"image.x.path={photographs}")
            (folder / "overrides.yaml").write_text(yaml.safe_dump(given))
            config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
            config["image"]["x"] = {"path": photographs}
            (folder / "config.yaml").write_text(yaml.safe_dump(config))
    page = open_page(build(study))
    shown = page.locator(".look").evaluate_all(
        "looks => looks.slice(1).map((look) => [...look.querySelectorAll('img')].map((n) => n.alt))"
    )
    assert len(shown) == 3
    for alts in shown:
        assert [alt.split("image ")[1] for alt in alts] == [
            *(f"more/00{place}" for place in range(3)),
            "three/000",
        ]
        assert all(f" · {alt.split('image ')[1].split('/')[0]}," in alt for alt in alts)


@pytest.mark.parametrize(("width", "share"), [(1440, 0.6), (800, 0.75)])
def test_the_wall_fills_the_width_that_it_has(width, share, grid_path, open_page):
    page = open_page(grid_path, "view=pictures", viewport={"width": width, "height": 900})
    box = page.locator(".wall-box").bounding_box()
    assert share * width < box["width"] <= width - 40
    size = page.locator(".wall-cell .picture").first.bounding_box()["width"]
    page.click("[data-key='size:88']")
    wait_until(
        page, lambda: page.locator(".wall-cell .picture").first.bounding_box()["width"] == 88
    )
    assert 128 <= size <= 240


def test_a_short_table_leaves_no_empty_card(grid_path, open_page):
    page = open_page(grid_path, "view=runs", viewport={"width": 1440, "height": 900})
    rows = page.locator(".table .row").all()
    last = rows[-1].bounding_box()
    table = page.locator(".table").bounding_box()
    assert len(rows) == 4
    assert table["y"] + table["height"] - (last["y"] + last["height"]) < 24


def test_the_stages_of_a_run_stand_below_its_curve(grid_path, open_page):
    page = open_page(grid_path, viewport={"width": 1440, "height": 900})
    page.locator(".verdict h2 a").click()
    page.get_by_role("heading", name="Stages").wait_for()
    curve, stages = (
        page.locator(".card", has=page.get_by_role("heading", name=name)).bounding_box()
        for name in ("Curve of psnr", "Stages")
    )
    assert stages["x"] == curve["x"] > 600
    assert curve["y"] + curve["height"] < stages["y"]
    ticks = page.locator(".chart .tick[text-anchor='middle']").all_text_contents()
    assert ticks
    assert all(text.replace(",", "").isdigit() for text in ticks)  # no half of a step


@pytest.fixture(scope="module")
def long_names_path(tmp_path_factory):
    """The report of levels that are long and differ in their middle, where all means are close."""
    box = "{_target_:ganvas.mask.Box,bottom:0.75,left:%s,right:0.75,top:0.25}"
    rows = "[" + ",".join(map(str, range(14))) + "%s,20,21,22,23,24,25]"
    groups = {
        "mask": ["full"],
        "loss": [box % left for left in (0.1, 0.12, 0.3, 0.35)],
        "layers": [rows % more for more in ("", ",14", ",15")],
    }
    folder = tmp_path_factory.mktemp("outputs") / "lang"
    make_study(folder, 24, frames=2, seeds=2, groups=groups, rates=[0.02])
    return build(folder)


@pytest.mark.parametrize("width", [1280, 390])
def test_long_levels_are_told_apart_and_stay_in_view(long_names_path, open_page, width):
    page = open_page(long_names_path, "view=axes", viewport={"width": width, "height": 800})
    page.wait_for_selector(".dots span")
    ticks = page.locator(".axis .tick").all_text_contents()
    assert len(set(ticks)) == len(ticks)
    for line in page.locator(".dots").all():
        boxes = [span.bounding_box() for span in line.locator("span").all()]
        for place, a in enumerate(boxes):
            assert line.bounding_box()["x"] - 1 <= a["x"]
            assert (
                a["x"] + a["width"] <= line.bounding_box()["x"] + line.bounding_box()["width"] + 1
            )
            for b in boxes[:place]:
                apart = a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"]
                assert apart or abs(a["y"] - b["y"]) >= 12
    page.locator("[data-key='tab:comparisons']").click()
    for table in page.locator(".matrix").all():
        names = table.locator("tbody th").all_inner_texts()
        assert len(set(names)) == len(names) == table.locator("tbody tr").count()
        assert all(
            th.evaluate("n => n.scrollWidth <= n.clientWidth") for th in table.locator("th").all()
        )
    for view in ("curves", "axes", "comparisons", "runs", "summary"):
        page.locator(f"[data-key='tab:{view}']").click()
        assert (
            page.evaluate_handle("document.documentElement").evaluate("n => n.scrollWidth") <= width
        )


def test_the_viewer_takes_the_focus_and_gives_it_back(page_path, open_page):
    page = open_page(page_path, "view=pictures")
    button = page.locator(".wall-row:not(.target) button.picture").first
    button.focus()
    page.keyboard.press("Enter")
    focused = "node => node.contains(document.activeElement)"
    assert page.locator(".viewer").evaluate(focused)
    assert page.locator("main").evaluate("node => node.inert")
    page.keyboard.press("3")
    page.locator(".viewer button[title^='Swap']").focus()
    page.keyboard.press("Enter")
    assert page.locator(".viewer").evaluate(focused)
    page.keyboard.press("Escape")
    assert button.evaluate(focused)
    assert not page.locator("main").evaluate("node => node.inert")


def test_one_run_has_no_empty_charts(tmp_path, open_page):
    groups = {"mask": ["full"], "loss": ["lpips"], "layers": ["all"]}
    study = make_study(tmp_path / "one", 1, frames=2, seeds=1, groups=groups, rates=[0.02])
    page = open_page(build(study), "view=axes")
    assert "Nothing varies" in page.locator("main").inner_text()
    assert page.locator(".parallel").count() == 0
    page.locator("[data-key='tab:summary']").click()
    assert page.locator(".verdict").count() == 1
    assert page.locator(".ranking").count() == 0
    page.locator("[data-key='tab:curves']").click()
    assert page.locator("figcaption", has_text="psnr (dB)").count() == 1
    assert "best 1 settings" not in page.locator("main").inner_text()


def test_screen_readers_find_a_table_and_names(page_path, open_page):
    page = open_page(page_path, "view=runs&group=mask")
    page.wait_for_selector(".row:not(.group)")
    for row in page.locator("[role='row']").all():
        roles = row.locator("> *").evaluate_all("nodes => nodes.map((n) => n.getAttribute('role'))")
        assert set(roles) in ({"gridcell"}, {"columnheader"})
    assert page.locator(".table > *").evaluate_all("nodes => nodes.map((n) => n.role)") == [
        "row",
        "rowgroup",
    ]
    page.locator(".row:not(.group)").first.click()
    page.wait_for_selector(".run-head")
    names = page.locator("button.picture img").evaluate_all("nodes => nodes.map((n) => n.alt)")
    assert names
    assert all(names)
