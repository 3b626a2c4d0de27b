// The map of a vocabulary: what it shows, what the finger and the keys do to it, and what it asks the server for.
import { colourOf, attributed, button, filled, follow, node, put, tell } from '../shared/dom.js';
import { dot, drawnAgain, penFor, sharpness, styleOf } from '../shared/canvas.js';
import { gestures } from '../shared/gestures.js';
import { linked } from '../shared/linked.js';
import { bytesOf, clamped, floatsOf } from '../shared/numbers.js';
import { dimmed, groupColours, resolved } from './colours.js';
import { byImportance, found, groupsOf, SORTS } from './groups.js';
import { room } from './labels.js';
import { byDepth, dotMask, inWindow, mixed, paintDots } from './raster.js';
import { ageSaid, nearSaid, tableOf, tokenSaid } from './reading.js';
import { atAge, fitted, FLAT, pointAt, project, stepTo, zoomed } from './space.js';
import { choice, legend, menu, searching } from './tools.js';

const NEARER = 1.35, FAR = 60; // of a press of + or −; pixels of a key that moves the map
const REACH = 14; // pixels from a point to the finger
const TURN = 0.008; // radians a pixel
const START_TURN = { turn: 0.5, tilt: 0.35 };
const MOST_NAMES = 34, MOST_TRIED = 2500; // names where there is room
const MOST_PIXELS = 250_000; // of all dots together, so that a frame takes milliseconds
const STEP_MS = 550; // from one age to the next, when they are played
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KINDS = ['begins', 'goes_on', 'digits', 'marks', 'white', 'part', 'special']; // as explorer/answers/vocabulary.py has them

export default function mount({ element, props, trigger, watch, words, exchange, focus_exchange: focusExchange, most_components: mostComponents }) {
  const find = (name) => element.querySelector(`.vm-${name}`);
  const root = element.querySelector('.vm');
  const grid = find('grid'), picture = find('picture'), marks = find('marks');

  let data = null; // what the server told of the map that is shown
  let wish = { layout: 'pca', axes: [0, 1, 2], history: 'model' };
  let sort = SORTS[0];
  let cursor = { run: '', token: 0 };
  let sentence = []; // ids of the sentence's tokens
  let lit = null; // { id, history, near: [{ ids, values } an age] }
  let chosen = null; // an id that was picked here or looked for; null: the sentence's token at the cursor
  let hover = -1, key = -1, matches = [];
  let only = null; // the one group that stands out
  let alone = false; // only the focus and its neighbours
  let age = 0;
  let view = { x: 0, y: 0, scale: 100, ...FLAT };
  let again = 0; // counts t-SNE maps that were made
  let playing = null;

  let now = new Float32Array(0); // points at this age
  let at = new Float32Array(0), depth = new Float32Array(0), sharp = new Float32Array(0); // where they are on the page, and in pixels of the screen
  let order = new Uint32Array(0), sorted = new Uint32Array(0); // what is painted, and in turn
  let groups = { names: [], of: new Uint8Array(0) };
  let colours = new Uint32Array(0), farther = null; // of each point; the same for what is far away
  let importance = [];
  let image = null;
  let fitWanted = true;
  let drawnWidth = 0;
  const widths = new Map();

  const model = () => (cursor.run ? JSON.parse(cursor.run).model : '');
  const is3d = () => wish.layout === 'pca3' && data?.asked.layout === 'pca3';
  const nearNow = () => (lit && data && lit.id === focus() && lit.history === data.asked.history && lit.model === model() ? lit.near[data.ages.length === lit.near.length ? Math.round(age) : lit.near.length - 1] : null);
  const focus = () => {
    const id = chosen ?? sentence[Math.min(cursor.token, sentence.length - 1)] ?? -1;
    return data && id < data.n ? id : -1;
  };
  const isShown = (id) => !alone || id === focus() || Boolean(nearNow()?.ids.includes(id));
  const kindName = (name) => words[`kind_${name}`];
  const kindOf = (id) => kindName(KINDS[data.kinds[id]]);
  const groupName = (name) => {
    if (sort === 'kind') return kindName(name);
    if (sort === 'space') return words[`space_${name}`];
    if (sort === 'letter') return name === 'none' ? words.letter_none : name;
    if (!data.counts) return filled(words.rank_from, { n: Number(name).toLocaleString('en') });
    return name === '0' ? words.often_never : filled(words.often_from, { n: Number(name).toLocaleString('en') });
  };

  // --- what is asked and what comes ---------------------------------------------------------------------------------------------

  const ask = () => {
    if (!model() || !root.offsetParent) return;
    tell(`${exchange}-asked`, { model: model(), ...wish, known: data?.source ?? '', again });
  };
  const askNear = () => model() && tell(`${focusExchange}-asked`, { id: chosen, history: wish.history });

  follow(element, `${exchange}-came`, ({ detail }) => {
    const { asked } = detail;
    if (asked.model !== model() || JSON.stringify(asked.axes) !== JSON.stringify(wish.axes) || asked.layout !== wish.layout || asked.history !== wish.history) return;
    if (detail.refused) return showMissing(detail.refused, false);
    if (detail.missing) return showMissing(detail.missing, true);
    const tokens = detail.texts ? {
      texts: detail.texts, tints: bytesOf(detail.tints), kinds: bytesOf(detail.kinds), spaces: bytesOf(detail.spaces), letters: bytesOf(detail.letters),
      counts: detail.counts ? floatsOf(detail.counts) : null,
    } : data;
    if (!tokens || (!detail.texts && data.source !== detail.source)) return;
    const isNew = !data || data.source !== detail.source;
    const wasFlat = data?.asked.layout;
    data = { ...tokens, n: detail.n, source: detail.source, asked, ages: detail.ages, shares: detail.shares, points: floatsOf(detail.points), told: detail.told };
    if (isNew) {
      importance = byImportance(data);
      only = null;
      alone = false;
      key = hover = -1;
      matches = [];
      widths.clear();
    }
    if (isNew || data.ages.length - 1 < age || wasFlat !== asked.layout) age = data.ages.length - 1;
    fitWanted = true;
    showMissing('', false);
    allocate();
    regroup();
    offerAges();
    place();
    draw();
    say();
  });

  const allocate = () => {
    const { n } = data;
    if (now.length === 3 * n) return;
    [now, at, depth, sharp, order, sorted] = [new Float32Array(3 * n), new Float32Array(2 * n), new Float32Array(n), new Float32Array(2 * n), new Uint32Array(n), new Uint32Array(n)];
  };

  // What the server says of the sentence and of what is near, and a t-SNE that grows.
  let known = {};
  const show = () => {
    const value = props.value || {};
    if (value.tokens && value.tokens !== known.tokens) sentence = JSON.parse(value.tokens);
    if (value.near && value.near !== known.near) {
      lit = JSON.parse(value.near);
      if (chosen !== null && lit.id !== chosen) askNear(); // a link's, before there was anybody to ask
    }
    if (value.growing && value.growing !== known.growing) grow(JSON.parse(value.growing));
    known = { ...known, ...value };
    draw();
    say();
  };
  const grow = (told) => {
    if (told.over) {
      again += 1;
      return ask();
    }
    if (wish.layout !== 'tsne' || told.source !== data?.source) return;
    const flat = floatsOf(told.points);
    showMissing('', false);
    data = { ...data, ages: [words.growing], shares: null, points: flat };
    age = 0;
    offerAges();
    fitWanted = true;
    place();
    draw();
  };

  // --- what is painted -----------------------------------------------------------------------------------------------------------

  const regroup = () => {
    if (!data) return;
    groups = groupsOf(sort, data, KINDS);
    recolour();
  };

  const recolour = () => {
    if (!data) return;
    const css = groupColours(sort, groups.names.length);
    const plain = resolved(root, css), dim = resolved(root, css.map(dimmed));
    const [paper] = resolved(root, ['var(--paper)']);
    const own = Uint32Array.from({ length: data.n }, (_, id) => (only === null || groups.of[id] === only ? plain : dim)[groups.of[id]]);
    colours = own;
    farther = is3d() ? own.map((colour) => mixed(colour, paper, 110)) : null;
    // what is dimmed is painted first
    let place_ = 0;
    for (const first of [true, false]) {
      for (let id = data.n - 1; id >= 0; id--) {
        const isDim = only !== null && groups.of[id] !== only;
        if (isDim === first) order[place_++] = id;
      }
    }
    const counts = groups.names.map(() => 0);
    for (const group of groups.of) counts[group] += 1;
    const there = groups.names.map((_, group) => group).filter((group) => counts[group]);
    legends.show(there.map((group) => groupName(groups.names[group])), there.map((group) => counts[group].toLocaleString('en')), there.map((group) => css[group]), there.indexOf(only));
    shownGroups = there;
  };
  let shownGroups = [];

  const size = () => ({ width: grid.clientWidth, height: grid.clientHeight });

  // Where the points are at this age; the map is fitted to those of the last.
  const place = () => {
    if (!data || !grid.clientWidth) return;
    atAge(data.points, data.n, age, now);
    if (!fitWanted) return;
    fitWanted = false;
    const turned = is3d() ? (view.turn || view.tilt ? { turn: view.turn, tilt: view.tilt } : START_TURN) : FLAT;
    const whole = alone ? now : atAge(data.points, data.n, data.ages.length - 1, new Float32Array(3 * data.n));
    view = { ...fitted(whole, data.n, isShown, size(), turned), ...turned };
  };

  let frame = 0;
  const draw = () => {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      paint();
    });
  };

  let style = null;
  const restyle = () => {
    style = { ...styleOf(root, ['ink', 'ink-soft', 'paper', 'rule', 'accent', 'token-ink', 'key', 'font-mono']) };
    recolour();
    draw();
  };

  const paint = () => {
    const { width, height } = size();
    if (!data || !width) return;
    if (fitWanted) place();
    style ??= styleOf(root, ['ink', 'ink-soft', 'paper', 'rule', 'accent', 'token-ink', 'key', 'font-mono']);
    project(now, data.n, view, { width, height }, at, depth);
    paintPoints(width, height);
    paintMarks(width, height);
  };

  // What is marked lies on a canvas of its own: another token moves no point, unless only a few of them are shown.
  const mark = () => {
    const { width, height } = size();
    if (frame || alone || fitWanted || !image || !style || !width) draw();
    else paintMarks(width, height);
  };

  const paintPoints = (width, height) => {
    const ratio = Math.min(2, sharpness(picture));
    const wide = Math.round(width * ratio), high = Math.round(height * ratio);
    if (picture.width !== wide || picture.height !== high || !image) {
      Object.assign(picture, { width: wide, height: high });
      image = picture.getContext('2d', { willReadFrequently: true }).createImageData(wide, high);
    }
    const pixels = new Uint32Array(image.data.buffer);
    const [paper] = paperColour();
    pixels.fill(paper);
    for (let i = 0; i < sharp.length; i++) sharp[i] = at[i] * ratio;
    const closer = clamped(view.scale / (0.25 * Math.min(width, height)), 0.6, 60);
    // as large as the time for a frame allows: how many pixels all dots together have
    const widest = Math.sqrt(MOST_PIXELS / Math.max(1, inWindow(sharp, data.n, wide, high)));
    const radius = Math.min(clamped(1.5 * closer ** 0.4, 0.8, 6) * ratio, (widest - 1) / 2);
    const mask = radius < 1 ? Math.max(1, Math.round(Math.min(2 * ratio, widest))) : dotMask(Math.floor(4 * radius) / 4);
    let turn = alone ? order.filter(isShown) : order;
    if (is3d()) {
      turn = alone ? turn : byDepth(order, depth, sorted);
      let first = 0;
      while (first < turn.length && depth[turn[first]] < 0) first += 1;
      paintDots(pixels, wide, high, { order: turn.subarray(0, first), at: sharp, colours: farther ?? colours, mask });
      turn = turn.subarray(first);
    }
    paintDots(pixels, wide, high, { order: turn, at: sharp, colours, mask });
    picture.getContext('2d').putImageData(image, 0, 0);
  };
  let papers = { theme: '', colour: [0] };
  const paperColour = () => {
    const name = colourOf(root, '--paper');
    if (papers.theme !== name) papers = { theme: name, colour: resolved(root, ['var(--paper)']) };
    return papers.colour;
  };

  const widthOf = (pen, text) => {
    const named = `${pen.font} ${text}`;
    if (!widths.has(named)) widths.set(named, pen.measureText(text).width);
    return widths.get(named);
  };

  const paintMarks = (width, height) => {
    const pen = penFor(marks, { width, height, ratio: sharpness(marks) });
    const small = `${0.86 * style.size}px ${style['font-mono'] || style.family}`;
    const large = `600 ${style.size}px ${style['font-mono'] || style.family}`;
    const high = 1.3 * style.size;
    const labels = room(width, height);
    const me = focus();
    const near = nearNow();
    const inside = (id) => at[2 * id] > 0 && at[2 * id] < width && at[2 * id + 1] > 0 && at[2 * id + 1] < height;
    const jobs = [];

    const name = (id, { font, away = 7, must = false, chipped = false, ink = style.ink, gap = 1 }) => {
      if (!inside(id)) return;
      pen.font = font;
      const text = data.texts[id];
      const wide = widthOf(pen, text) + (chipped ? 8 : 2);
      const box = labels.place(at[2 * id], at[2 * id + 1], wide, high, away, { gap, must });
      if (box) jobs.push({ id, text, box, font, chipped, ink });
    };

    // lines to the nearest in the original space
    if (me >= 0 && near) {
      pen.strokeStyle = style.ink;
      pen.lineWidth = 1.25;
      pen.globalAlpha = 0.55;
      for (const id of near.ids) {
        if (id >= data.n) continue;
        pen.beginPath();
        pen.moveTo(at[2 * me], at[2 * me + 1]);
        pen.lineTo(at[2 * id], at[2 * id + 1]);
        pen.stroke();
      }
      pen.globalAlpha = 1;
    }
    const ring = (id, radius, colour, fill) => {
      pen.fillStyle = fill;
      dot(pen, at[2 * id], at[2 * id + 1], radius);
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(at[2 * id], at[2 * id + 1], radius, 0, 2 * Math.PI);
      pen.stroke();
    };
    const css = groupColours(sort, groups.names.length);
    const fillOf = (id) => colourIn(css[groups.of[id]]);
    for (const id of matches.slice(0, 200)) ring(id, 5, style.accent, fillOf(id));
    if (near) for (const id of near.ids) if (id < data.n) ring(id, 4.5, style.ink, fillOf(id));
    if (!alone) for (const id of new Set(sentence)) if (id < data.n) ring(id, 5, style.ink, style.tints[data.tints[id]]);
    if (me >= 0) ring(me, 7, style.accent, fillOf(me));
    for (const id of [key, hover]) if (id >= 0) ring(id, 6, style.accent, fillOf(id));

    if (hover >= 0) name(hover, { font: large, must: true });
    if (key >= 0 && key !== hover) name(key, { font: large, must: true });
    if (me >= 0) name(me, { font: large, must: true, chipped: true, away: 10 });
    if (near) for (const id of near.ids) if (id < data.n) name(id, { font: small });
    if (!alone) for (const id of new Set(sentence)) if (id < data.n && id !== me) name(id, { font: small, chipped: true });
    for (const id of matches.slice(0, 60)) name(id, { font: small });
    let named = 0, tried = 0;
    if (!alone) {
      for (const id of importance) {
        if (named >= MOST_NAMES || (tried += 1) > MOST_TRIED) break;
        if ((only !== null && groups.of[id] !== only) || !inside(id)) continue;
        const before = jobs.length;
        name(id, { font: small, ink: style['ink-soft'], away: 5, gap: 14 });
        named += jobs.length - before;
      }
    }

    pen.textBaseline = 'middle';
    pen.textAlign = 'left';
    pen.lineJoin = 'round';
    for (const { id, text, box, font, chipped, ink } of jobs.reverse()) {
      pen.font = font;
      const y = (box.top + box.bottom) / 2;
      if (chipped) {
        pen.fillStyle = style.tints[data.tints[id]];
        pen.fillRect(box.left, box.top + 1, box.right - box.left, high - 2);
        pen.fillStyle = style['token-ink'];
        pen.fillText(`\u2068${text}\u2069`, box.left + 4, y + 1);
        continue;
      }
      pen.strokeStyle = style.paper;
      pen.lineWidth = 4;
      pen.strokeText(`\u2068${text}\u2069`, box.left + 1, y + 1);
      pen.fillStyle = ink;
      pen.fillText(`\u2068${text}\u2069`, box.left + 1, y + 1);
    }
    paintAxes(pen, width, height);
  };

  const colourNames = new Map();
  const colourIn = (css) => {
    const named = `${style.theme} ${css}`;
    if (!colourNames.has(named)) {
      const [number] = resolved(root, [css]);
      colourNames.set(named, `rgb(${number & 255} ${(number >>> 8) & 255} ${(number >>> 16) & 255})`);
    }
    return colourNames.get(named);
  };

  // Which component goes where: two arrows in the corner, three where they turn. t-SNE has none, for its axes mean nothing.
  const paintAxes = (pen, width, height) => {
    if (wish.layout === 'tsne' || !data.shares) return;
    const long = 34, [x0, y0] = [16 + (is3d() ? long : 0), height - 16 - (is3d() ? long / 2 : 0)];
    const directions = [[1, 0, 0], [0, 1, 0], ...(is3d() ? [[0, 0, 1]] : [])];
    pen.font = `${0.8 * style.size}px ${style.family}`;
    pen.lineWidth = 1.5;
    const unit = new Float32Array(2), deep = new Float32Array(1);
    directions.forEach((direction, place_) => {
      project(direction, 1, { x: 0, y: 0, scale: long, turn: view.turn, tilt: view.tilt }, { width: 0, height: 0 }, unit, deep);
      const [x, y] = [x0 + unit[0], y0 + unit[1]];
      pen.strokeStyle = style['ink-soft'];
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x, y);
      pen.stroke();
      pen.textAlign = 'left';
      pen.textBaseline = 'middle';
      const text = String(data.asked.axes[place_] + 1);
      pen.strokeStyle = style.paper;
      pen.lineWidth = 4;
      pen.strokeText(text, x + 4, y);
      pen.lineWidth = 1.5;
      pen.fillStyle = style['ink-soft'];
      pen.fillText(text, x + 4, y);
    });
  };

  // --- what is said --------------------------------------------------------------------------------------------------------------

  const say = () => {
    if (!data) return;
    const shown = hover >= 0 ? hover : key >= 0 ? key : focus();
    if (shown < 0) {
      const id = chosen ?? sentence[cursor.token];
      put(find('read'), id === undefined ? '' : filled(words.not_in_vocabulary, { n: data.n.toLocaleString('en') }));
    } else {
      const near = shown === focus() ? nearSaid(words, data, nearNow()) : words.press_to_light;
      put(find('read'), [tokenSaid(words, data, shown, kindOf(shown)), near].filter(Boolean).join(' '));
    }
    put(find('age-told'), ageSaid(words, data, age, wish.layout));
    attributed(find('ages').querySelector('input'), { 'aria-valuetext': ageSaid(words, data, age, wish.layout) });
    put(isolate, alone ? words.all_again : words.only_these);
    isolate.setAttribute('aria-pressed', String(alone));
    back.hidden = chosen === null;
  };

  const showMissing = (text, canStart) => {
    find('missing').hidden = !text;
    put(find('missing-told'), text);
    start.hidden = !canStart;
    grid.toggleAttribute('data-missing', Boolean(text));
  };

  // --- what is chosen ------------------------------------------------------------------------------------------------------------

  const chosenHere = (id) => {
    chosen = id;
    hover = key = -1;
    if (alone) fitWanted = true;
    told.point(id === null ? '' : String(id));
    askNear();
    draw();
    say();
  };
  const reveal = (id) => {
    const { width, height } = size();
    const x = at[2 * id], y = at[2 * id + 1];
    if (x > 30 && y > 30 && x < width - 30 && y < height - 30) return;
    view = { ...view, x: view.x + (x - width / 2) / view.scale, y: view.y + (height / 2 - y) / view.scale };
  };

  const layouts = choice(words.layout, [['pca', words.layout_pca], ['pca3', words.layout_pca3], ['tsne', words.layout_tsne]], (value) => change({ layout: value }));
  const histories = choice(words.history, [['model', words.history_model], ['growth', words.history_growth]], (value) => change({ history: value }));
  const axisMenus = [0, 1, 2].map((place_) => menu(place_ ? '' : words.axes, filled(words.axis, { n: place_ + 1 }), (value) => {
    const axes = [...wish.axes];
    axes[place_] = Number(value);
    change({ axes });
  }));
  const sorts = menu(words.colour, words.colour, (value) => {
    sort = value;
    only = null;
    told.colour(value);
    regroup();
    draw();
  });
  const change = (changed) => {
    const wasHistory = wish.history;
    wish = { ...wish, ...changed };
    told.layout(wish.layout);
    told.axes(wish.axes.map((one) => one + 1).join(','));
    told.history(wish.history);
    if (wish.history !== wasHistory) {
      stop();
      askNear();
    }
    choose();
    ask();
  };
  const choose = () => {
    layouts.choose(wish.layout);
    histories.choose(wish.history);
    sorts.menu.value = sort;
    axisMenus.forEach(({ box, menu: list }, place_) => {
      list.value = String(wish.axes[place_]);
      box.hidden = wish.layout === 'tsne' || (place_ === 2 && wish.layout !== 'pca3');
    });
  };

  const legends = legend(find('legend'), words, (place_) => {
    only = place_ === null ? null : shownGroups[place_];
    recolour();
    draw();
  });
  const search = searching(find('searching'), words, {
    look: (text) => (data ? found(data.texts, importance, text) : []),
    tokenOf: (id) => ({ text: data.texts[id], tint: data.tints[id] }),
    pick: (id) => {
      chosenHere(id);
      reveal(id);
      draw();
    },
    seen: (ids) => {
      matches = ids;
      draw();
    },
  });
  const isolate = button('vm-tool', words.only_these, () => {
    alone = !alone;
    fitWanted = true;
    draw();
    say();
  });
  const back = button('vm-tool', words.back_to_sentence, () => chosenHere(null));
  const fitAll = () => {
    fitWanted = true;
    if (is3d()) view = { ...view, ...START_TURN };
    draw();
  };
  const zoomBy = (factor, x = grid.clientWidth / 2, y = grid.clientHeight / 2) => {
    view = zoomed(view, factor, x, y, size());
    draw();
  };
  const zooms = attributed(node('div', 'vm-zoom'), { role: 'group', 'aria-label': words.zoom });
  zooms.append(
    attributed(button('vm-tool', '−', () => zoomBy(1 / NEARER)), { 'aria-label': words.farther, title: words.farther }),
    attributed(button('vm-tool', '+', () => zoomBy(NEARER)), { 'aria-label': words.nearer, title: words.nearer }),
    button('vm-tool', words.fit, fitAll),
  );
  const start = button('vm-start', words.tsne_start, () => {
    props.value = { ...props.value, start: wish.history };
    trigger('submit');
    start.hidden = true;
    put(find('missing-told'), words.tsne_started);
  });

  // --- ages ----------------------------------------------------------------------------------------------------------------------

  const slider = attributed(node('input', 'vm-age'), { type: 'range', min: 0, step: 0.02, 'aria-label': words.ages });
  const play = button('vm-tool', words.play, () => (playing ? stop() : run()));
  find('ages').append(play, slider, node('span', 'vm-age-told'));
  const offerAges = () => {
    const most = data.ages.length - 1;
    slider.max = String(most);
    slider.value = String(age);
    find('ages').hidden = most < 1;
  };
  const goTo = (value) => {
    const before = Math.round(age);
    age = clamped(value, 0, data.ages.length - 1);
    slider.value = String(age);
    place();
    if (alone && Math.round(age) !== before) fitWanted = true;
    draw();
    say();
  };
  slider.addEventListener('input', () => {
    stop();
    goTo(Number(slider.value));
  });
  slider.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault(); // from age to age, not between them
    stop();
    goTo(by > 0 ? Math.floor(age + 1e-6) + 1 : Math.ceil(age - 1e-6) - 1);
  });
  const stop = () => {
    cancelAnimationFrame(playing);
    clearTimeout(playing);
    playing = null;
    put(play, words.play);
  };
  const run = () => {
    const most = data.ages.length - 1;
    if (age >= most) goTo(0);
    put(play, words.pause);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    let last = performance.now();
    const step = (time) => {
      if (!playing) return;
      goTo(still ? Math.floor(age) + 1 : age + Math.max(0, time - last) / (STEP_MS * Math.max(1, 4 / most)));
      last = time;
      if (age >= most) return stop();
      next();
    };
    const next = () => { playing = still ? setTimeout(step, 2 * STEP_MS) : requestAnimationFrame(step); };
    next();
  };

  // --- finger and keys -----------------------------------------------------------------------------------------------------------

  let dragging = false; // nothing is read while the map moves under the finger
  const point = (x, y) => {
    if (!data || dragging) return;
    const under = x === null ? -1 : pointAt(at, data.n, isShown, x, y, REACH);
    if (under === hover) return;
    hover = under;
    grid.classList.toggle('vm-over', under >= 0);
    draw();
    say();
  };
  gestures(grid, {
    point,
    click: (x, y) => {
      if (!data) return;
      const id = pointAt(at, data.n, isShown, x, y, REACH);
      if (id >= 0) chosenHere(id);
    },
    zoom: (factor, x, y) => zoomBy(factor, x, y),
    pan: (dx, dy) => {
      dragging = true;
      hover = -1;
      moved(dx, dy, is3d());
    },
    twice: () => {},
  });
  for (const type of ['pointerup', 'pointercancel']) grid.addEventListener(type, () => { dragging = false; });
  const moved = (dx, dy, turns) => {
    view = turns
      ? { ...view, turn: view.turn + dx * TURN, tilt: clamped(view.tilt + dy * TURN, -1.5, 1.5) }
      : { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale };
    draw();
  };
  grid.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !data) return;
    const arrow = ARROWS[event.key];
    const acts = {
      '+': () => zoomBy(NEARER), '=': () => zoomBy(NEARER), '-': () => zoomBy(1 / NEARER), 0: fitAll, i: () => isolate.click(), '/': () => search.input.focus(),
      Enter: () => key >= 0 && chosenHere(key), Escape: () => (alone ? isolate.click() : chosenHere(null)), n: () => along(1), p: () => along(-1),
    };
    if (!arrow && !acts[event.key]) return;
    event.preventDefault();
    if (!arrow) return acts[event.key]();
    if (event.shiftKey) return moved(-arrow[0] * FAR, -arrow[1] * FAR, is3d());
    const from = key >= 0 ? key : focus();
    if (from < 0) return;
    key = stepTo(at, data.n, isShown, from, arrow, size());
    hover = -1;
    draw();
    say();
  });
  // Along the list of the nearest.
  const along = (by) => {
    const near = nearNow();
    if (!near?.ids.length) return;
    const from = near.ids.indexOf(key);
    key = near.ids[(from < 0 && by < 0 ? near.ids.length - 1 : from + by + near.ids.length) % near.ids.length];
    reveal(key);
    draw();
    say();
  };
  grid.addEventListener('blur', () => {
    key = -1;
    draw();
    say();
  });

  // --- the page ------------------------------------------------------------------------------------------------------------------

  const turn = (detail) => {
    const before = cursor;
    cursor = { run: detail.run, token: detail.token };
    if (!fromLink && before.run && (before.run !== cursor.run || before.token !== cursor.token) && chosen !== null) {
      chosen = null;
      told.point('');
      askNear();
    }
    fromLink = false;
    if (before.run !== cursor.run || before.token !== cursor.token) mark();
    say();
  };
  follow(element, 'cursor-turned', ({ detail }) => turn(detail)); // painted before anything is asked
  follow(element, 'cursor-moved', ({ detail }) => {
    turn(detail);
    if (detail.tab === 'embeddings') ask();
  });

  // link
  let fromLink = false; // the sentence that comes next is the link's, and so is the token that was picked
  const told = {};
  const restoring = {
    layout: (value) => { wish = { ...wish, layout: value }; },
    axes: (value) => { wish = { ...wish, axes: String(value).split(',').map((one) => clamped(Number(one) - 1 || 0, 0, mostComponents - 1)).slice(0, 3) }; },
    history: (value) => { wish = { ...wish, history: value }; },
    colour: (value) => { sort = value; },
    point: (value) => { chosen = value === '' ? null : Number(value); },
  };
  const restored = (name) => (value) => {
    restoring[name](value);
    fromLink = true;
    choose();
    if (name === 'colour') regroup();
    ask();
    if (name === 'point' || name === 'history') askNear();
  };

  sorts.offer(SORTS.map((name) => [name, words[`sort_${name}`]]));
  axisMenus.forEach(({ offer }) => offer(Array.from({ length: mostComponents }, (_, one) => [String(one), String(one + 1)])));
  find('tools').append(layouts.box, ...axisMenus.map(({ box }) => box), sorts.box);
  find('corner').append(zooms);
  find('below').append(isolate, back);
  find('histories').append(histories.box);
  find('missing').append(start);
  attributed(grid, { 'aria-label': words.map_label });
  put(find('keys'), words.keys);
  root.figureTable = () => (data ? tableOf(words, data, now, groups.of, groups.names.map(groupName)) : { columns: words.columns.split('|'), rows: [] });
  for (const [name, usual] of Object.entries({ layout: 'pca', axes: '1,2,3', history: 'model', colour: SORTS[0], point: '' })) told[name] = () => usual; // until the link is asked
  for (const [name, usual] of Object.entries({ layout: 'pca', axes: '1,2,3', history: 'model', colour: SORTS[0], point: '' })) told[name] = linked(element, `map_${name}`, usual, restored(name));
  choose();
  showMissing('', false);
  find('ages').hidden = true;
  drawnAgain(grid, () => {
    image = null;
    if (data && !alone && Math.abs(grid.clientWidth - drawnWidth) > 2) fitWanted = true;
    drawnWidth = grid.clientWidth;
    colourNames.clear();
    if (!data) ask();
    restyle();
  });
  watch('value', show);
  tell('cursor-asked');
  tell(`${exchange}-again`);
  show();
}
