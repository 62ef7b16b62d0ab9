/** Colours that people with a colour vision deficiency can tell apart (after Okabe and Ito). */

const SERIES = 8;
const seriesColor = (index) => (index < SERIES ? `var(--series-${index + 1})` : 'var(--muted)');

/** Map values of a metric to [0, 1], 1 being the best of `among`. */
function goodness(metric, among) {
  const range = extent(among.filter((run) => run.state === 'finished').map((run) => final(metric, run)));
  return (value) => {
    if (!range || !judged(metric) || value === null || value === undefined) return null;
    if (range[0] === range[1]) return 0.5;
    const share = (value - range[0]) / (range[1] - range[0]);
    return Math.max(0, Math.min(1, higher(metric) ? share : 1 - share));
  };
}
