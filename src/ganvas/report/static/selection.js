/** Which runs every view shows: those that pass the filter and the brushes. */

let remembered = { key: null, runs: [] };

/** Brushes as a map from axis or metric name to [low, high]. */
function brushes() {
  return new Map(listOf(state.brush).map((item) => {
    const [name, low, high] = item.split('|');
    return [name, [Number(low), Number(high)]];
  }));
}

function setBrush(name, range) {
  const found = brushes();
  if (range) found.set(name, range.map((value) => Number(value.toPrecision(5))));
  else found.delete(name);
  set({ brush: textOf([...found].map(([key, [low, high]]) => `${key}|${low}|${high}`)) });
}

const brushValue = (name, run) => {
  const axis = axes.find((item) => item.name === name);
  return axis ? axis.ofRun[run.index] : final(name, run);
};

function passesBrushes(run, found) {
  for (const [name, [low, high]] of found) {
    const value = brushValue(name, run);
    if (value === null || value < low || value > high) return false;
  }
  return true;
}

function visibleRuns() {
  const key = `${state.q}\n${state.brush}`;
  if (remembered.key !== key) {
    const test = parseFilter(state.q);
    const found = brushes();
    remembered = { key, runs: runs.filter((run) => test(run) && passesBrushes(run, found)) };
  }
  return remembered.runs;
}

const selectedRuns = () => listOf(state.sel).map((id) => runById.get(id)).filter(Boolean);
