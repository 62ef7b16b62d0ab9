/** The study, parsed once; everything else asks here. */

import { duration, MISSING, num } from './format.js';
import { extent } from './scale.js';

export const data = JSON.parse(document.getElementById('data').textContent);
export const metrics = data.metrics.map((metric) => metric.name);
export const runs = data.runs.map((run, index) => ({ ...run, index, images: data.images[index] }));
export const runById = new Map(runs.map((run) => [run.id, run]));

const byNumber = (a, b) => a.localeCompare(b, 'en', { numeric: true });
export const imageNames = [...new Set(data.images.flat())].sort(byNumber);

export const axes = data.axes.map((axis, index) => ({ ...axis, index, short: shortName(axis) }));
export const inner = axes.filter((axis) => !axis.unit);
export const axisByName = new Map(
  axes.flatMap((axis) => [
    [axis.short, axis],
    [axis.name, axis],
  ]),
);

/** The last parts of an axis' name: at least two, and as many as tell it from the others. */
function shortName(axis) {
  const parts = axis.name.split('.');
  for (let count = Math.min(2, parts.length); count < parts.length; count++) {
    const short = parts.slice(-count).join('.');
    const same = (other) => other !== axis && `.${other.name}`.endsWith(`.${short}`);
    if (!data.axes.some(same)) return short;
  }
  return axis.name;
}

export const level = (axis, run) => axis.levels[axis.ofRun[run.index]];

export const isMetric = (name) => Object.hasOwn(data.final, name);
export const metricOf = (name) => data.metrics.find((item) => item.name === name);
export const direction = (metric) => metricOf(metric)?.direction ?? 'none';
export const higher = (metric) => direction(metric) === 'higher';
/** Whether some values of a metric are better than others. */
export const judged = (metric) => direction(metric) !== 'none';
export const final = (metric, run) => data.final[metric]?.[run.index] ?? null;
export const finalOf = (metric, run, image) => data.perImage[metric]?.[run.index]?.[image] ?? null;
/** The metric of what the latent alone draws, before the noise maps are fitted. */
export const latentOf = (metric, run, image) => data.latent[metric]?.[run.index]?.[image] ?? null;

export function metricValue(metric, value) {
  return metric === 'seconds' ? duration(value) : num(value);
}

/** A value's text with the metric's unit; seconds come as a duration that has one. */
export function withUnit(metric, text) {
  const unit = text === MISSING || metric === 'seconds' ? '' : (metricOf(metric)?.unit ?? '');
  return `${text}${unit && ` ${unit}`}`;
}

export const metricWithUnit = (metric, value) => withUnit(metric, metricValue(metric, value));

/** A metric's name with its unit, for a title. */
export function metricTitle(metric) {
  const { unit = '' } = metricOf(metric) ?? {};
  return metric === 'seconds' || !unit ? metric : `${metric} (${unit})`;
}

export function configValue(key, run) {
  const column = data.config.differs[key];
  return column ? column.values[column.ofRun[run.index]] : (data.config.common[key] ?? null);
}

export const settingOf = (run) => data.analysis.settingOfRun[run.index];
export const rankingBy = (metric) => data.analysis.ranking[metric] ?? [];

/** How many images all settings share, where they were measured on different ones; else null. */
export const sharedBy = (metric) => data.analysis.shared[metric] ?? null;

export function settingName(setting) {
  const levels = data.analysis.settings[setting];
  return inner.map((axis, place) => axis.levels[levels[place]]).join(' · ') || data.study;
}

/** A level that says of which axis it is where its text alone would not. */
export const levelName = (axis, name) => (axis.name === 'seed' ? `seed ${name}` : name);

export function runName(run) {
  return axes.map((axis) => levelName(axis, level(axis, run))).join(' · ') || run.slug;
}

/** The axes that are no mere repetition, the most important for `metric` first. */
export function byImportance(metric) {
  const shares = data.analysis.importance[metric] ?? {};
  return [...inner].sort((a, b) => (shares[b.name] ?? -1) - (shares[a.name] ?? -1));
}

/** A function from values of a metric to [0, 1], 1 being the best of the runs in `among`. */
export function goodness(metric, among) {
  const finished = among.filter((run) => run.state === 'finished');
  const range = extent(finished.map((run) => final(metric, run)));
  return (value) => {
    if (!range || !judged(metric) || value === null || value === undefined) return null;
    if (range[0] === range[1]) return 0.5;
    const share = (value - range[0]) / (range[1] - range[0]);
    return Math.max(0, Math.min(1, higher(metric) ? share : 1 - share));
  };
}
