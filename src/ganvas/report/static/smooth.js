/** Averages over runs and along a curve. */

/** Exponential moving average, corrected for its start, so that it does not begin at zero. */
function smoothed(values, amount) {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * amount + value * (1 - amount);
    weight = weight * amount + (1 - amount);
    return sum / weight;
  });
}

/** A run's points of a metric, [x, mean, variance]; x is the step or the seconds. */
function runPoints(run, metric, time) {
  const curve = data.curves.ofRun[run.index];
  const means = curve.mean[metric];
  if (!means) return [];
  const xs = time ? curve.seconds : data.curves.steps[curve.steps];
  return means.map((mean, place) => [xs[place], mean, curve.variance[metric][place] ?? 0])
    .filter(([x, mean]) => x !== null && mean !== null);
}

function interpolated(points, x) {
  if (!points.length || x < points[0][0] || x > points.at(-1)[0]) return null;
  const after = points.findIndex((point) => point[0] >= x);
  if (points[after][0] === x || after === 0) return points[after];
  const [a, b] = [points[after - 1], points[after]];
  const share = (x - a[0]) / (b[0] - a[0]);
  return [x, a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])];
}

/** Mean and standard deviation over images and runs (seeds): [x, mean, sd, number of runs]. */
function bandOf(list, metric, time) {
  const curves = list.map((run) => runPoints(run, metric, time)).filter((points) => points.length);
  if (!curves.length) return [];
  let xs = [...new Set(curves.flatMap((points) => points.map(([x]) => x)))].sort((a, b) => a - b);
  if (time && curves.length > 1) {
    const [low, high] = [xs[0], xs.at(-1)];
    xs = Array.from({ length: 60 }, (_, place) => low + ((high - low) * place) / 59);
  }
  return xs.map((x) => {
    const found = curves.map((points) => interpolated(points, x)).filter(Boolean);
    if (!found.length) return null;
    const mean = found.reduce((sum, point) => sum + point[1], 0) / found.length;
    const within = found.reduce((sum, point) => sum + point[2], 0) / found.length;
    const between = found.reduce((sum, point) => sum + (point[1] - mean) ** 2, 0) / found.length;
    return [x, mean, Math.sqrt(within + between), found.length];
  }).filter(Boolean);
}
