/** The study, parsed once; everything else asks here. */

const data = JSON.parse(document.getElementById('data').textContent);
const axes = data.axes.map((axis, index) => ({ ...axis, index, short: axis.name }));
const inner = axes.filter((axis) => !axis.unit);
const metrics = data.metrics.map((metric) => metric.name);
const runs = data.runs.map((run, index) => ({ ...run, index, images: data.images[index] }));
const runById = new Map(runs.map((run) => [run.id, run]));
const imageNames = [...new Set(data.images.flat())].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

for (const axis of axes) {
  const parts = axis.name.split('.');
  for (let count = 1; count <= parts.length; count++) {
    axis.short = parts.slice(-count).join('.');
    const clash = axes.some((other) => other !== axis && `.${other.name}`.endsWith(`.${axis.short}`));
    if (!clash && (count >= 2 || parts.length === 1)) break;
  }
}

const axisByName = new Map(axes.flatMap((axis) => [[axis.short, axis], [axis.name, axis]]));
const isMetric = (name) => Object.hasOwn(data.final, name);
const direction = (metric) => data.metrics.find((item) => item.name === metric)?.direction ?? 'none';
const higher = (metric) => direction(metric) === 'higher';
const judged = (metric) => direction(metric) !== 'none';
const final = (metric, run) => data.final[metric]?.[run.index] ?? null;
const finalOf = (metric, run, image) => data.perImage[metric]?.[run.index]?.[image] ?? null;
const level = (axis, run) => axis.levels[axis.ofRun[run.index]];

function configValue(key, run) {
  const column = data.config.differs[key];
  return column ? column.values[column.ofRun[run.index]] : data.config.common[key] ?? null;
}

function settingName(setting) {
  const levels = data.analysis.settings[setting];
  return inner.map((axis, place) => axis.levels[levels[place]]).join(' · ') || data.study;
}

function runName(run) {
  return axes.map((axis) => (axis.name === 'seed' ? `seed ${level(axis, run)}` : level(axis, run))).join(' · ') || run.slug;
}

/** Range of a metric over some runs, as [low, high], or null. */
function extent(values) {
  const found = values.filter((value) => value !== null && value !== undefined);
  return found.length ? [Math.min(...found), Math.max(...found)] : null;
}
