'use strict';
// Draws the tiles of a Deep Zoom picture that are in view, over coarser ones that are there already.
(() => {
  const canvas = document.getElementById('view');
  const where = document.getElementById('where');
  const pen = canvas.getContext('2d');
  const [width, height, side, top] = ['width', 'height', 'tile', 'top'].map((name) =>
    Number(canvas.dataset[name]),
  );
  const MOST_TILES = 400;
  const tiles = new Map();
  const view = { x: width / 2, y: height / 2, scale: 1 };
  let due = false;

  const ratio = () => window.devicePixelRatio || 1;
  const whole = () => Math.min(canvas.clientWidth / width, canvas.clientHeight / height);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  function tile(level, column, row) {
    const key = `${level}/${column}_${row}`;
    let image = tiles.get(key);
    if (image === undefined) {
      image = new Image();
      image.onload = redraw;
      image.src = `picture_files/${key}.webp`;
    }
    // A map keeps its order: what was asked for last is thrown away last.
    tiles.delete(key);
    tiles.set(key, image);
    return image;
  }

  function drawLevel(level) {
    const pixel = 2 ** (top - level);
    const columns = Math.ceil(Math.ceil(width / pixel) / side);
    const rows = Math.ceil(Math.ceil(height / pixel) / side);
    const span = side * pixel;
    const left = view.x - canvas.clientWidth / 2 / view.scale;
    const up = view.y - canvas.clientHeight / 2 / view.scale;
    const last = (start, size, count) =>
      clamp(Math.floor((start + size / view.scale) / span), 0, count - 1);
    const bottom = last(up, canvas.clientHeight, rows);
    const right = last(left, canvas.clientWidth, columns);
    for (let row = clamp(Math.floor(up / span), 0, rows - 1); row <= bottom; row++) {
      for (let column = clamp(Math.floor(left / span), 0, columns - 1); column <= right; column++) {
        const image = tile(level, column, row);
        if (!image.complete || !image.naturalWidth) continue;
        const x = (column * span - left) * view.scale;
        const y = (row * span - up) * view.scale;
        const size = pixel * view.scale;
        pen.drawImage(image, x, y, image.naturalWidth * size, image.naturalHeight * size);
      }
    }
  }

  function draw() {
    due = false;
    canvas.width = canvas.clientWidth * ratio();
    canvas.height = canvas.clientHeight * ratio();
    pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    pen.imageSmoothingEnabled = view.scale < 2;
    const finest = clamp(Math.ceil(top + Math.log2(view.scale * ratio())), 0, top);
    for (const level of [finest - 4, finest - 2, finest]) if (level >= 0) drawLevel(level);
    for (const key of tiles.keys()) {
      if (tiles.size <= MOST_TILES) break;
      tiles.delete(key);
    }
    const percent = (100 * view.scale).toPrecision(3);
    where.textContent = `${width} × ${height} pixels, ${Number(percent)} %, at ${Math.round(view.x)}, ${Math.round(view.y)}`;
  }

  function redraw() {
    if (!due) requestAnimationFrame(draw);
    due = true;
  }

  function move(x, y) {
    view.x = clamp(view.x + x / view.scale, 0, width);
    view.y = clamp(view.y + y / view.scale, 0, height);
    redraw();
  }

  function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const before = view.scale;
    view.scale = clamp(before * factor, whole() / 2, 32);
    const shift = 1 / before - 1 / view.scale;
    view.x = clamp(view.x + (x - canvas.clientWidth / 2) * shift, 0, width);
    view.y = clamp(view.y + (y - canvas.clientHeight / 2) * shift, 0, height);
    redraw();
  }

  function all() {
    Object.assign(view, { x: width / 2, y: height / 2, scale: whole() });
    redraw();
  }

  const fingers = new Map();
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = [event.clientX, event.clientY];
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const span = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      zoom(span(now) / span(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else {
      move(before[0] - now[0], before[1] - now[1]);
    }
    fingers.set(event.pointerId, now);
  });
  for (const name of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      zoom(2 ** (-event.deltaY / 300), event.offsetX, event.offsetY);
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (event) => {
    const keys = {
      ArrowLeft: () => move(-80, 0),
      ArrowRight: () => move(80, 0),
      ArrowUp: () => move(0, -80),
      ArrowDown: () => move(0, 80),
      '+': () => zoom(1.5),
      '=': () => zoom(1.5),
      '-': () => zoom(1 / 1.5),
      0: all,
    };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  addEventListener('resize', redraw);
  all();
})();
