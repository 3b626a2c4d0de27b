// The map of a vocabulary: what it shows, what the finger and the keys do to it, and what it asks the server for.
import { attributed, button, filled, follow, node, put, tell } from '../shared/dom.js';
import { drawnAgain } from '../shared/canvas.js';
import { gestures } from '../shared/gestures.js';
import { linked } from '../shared/linked.js';
import { bytesOf, clamped, floatsOf } from '../shared/numbers.js';
import { agePlayer } from './ages.js';
import { dimmed, groupColours, resolved } from './colours.js';
import { byImportance, found, groupsOf, SORTS } from './groups.js';
import { painter } from './painting.js';
import { mixed } from './raster.js';
import { ageSaid, nearSaid, tableOf, tokenSaid } from './reading.js';
import { atAge, fitted, FLAT, pointAt, project, stepTo, zoomed } from './space.js';
import { choice, legend, menu, searching } from './tools.js';

const NEARER = 1.35, FAR = 60; // of a press of + or −; pixels of a key that moves the map
const REACH = 14; // pixels from a point to the finger
const TURN = 0.008; // radians a pixel
const START_TURN = { turn: 0.5, tilt: 0.35 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KINDS = ['begins', 'goes_on', 'digits', 'marks', 'white', 'part', 'special']; // as explorer/answers/vocabulary.py has them

export default function mount({ element, props, trigger, watch, words, exchange, focus_exchange: focusExchange, most_components: mostComponents }) {
  const find = (name) => element.querySelector(`.vm-${name}`);
  const root = element.querySelector('.vm');
  const grid = find('grid');
  const painted = painter(root, find('picture'), find('marks'));

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

  let now = new Float32Array(0); // points at this age
  let at = new Float32Array(0), depth = new Float32Array(0); // where they are on the page
  let order = new Uint32Array(0); // what is painted, in turn
  let groups = { names: [], of: new Uint8Array(0) };
  let colours = new Uint32Array(0), farther = null; // of each point; the same for what is far away
  let importance = [];
  let fitWanted = true;
  let fittedView = null; // `view` itself until somebody moves it
  let drawnWidth = 0;

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
      painted.renamed();
    }
    if (isNew || data.ages.length - 1 < age || wasFlat !== asked.layout) age = data.ages.length - 1;
    fitWanted = true;
    showMissing('', false);
    allocate();
    regroup();
    player.show(age, data.ages.length - 1);
    place();
    draw();
    say();
  });

  const allocate = () => {
    const { n } = data;
    if (now.length === 3 * n) return;
    [now, at, depth, order] = [new Float32Array(3 * n), new Float32Array(2 * n), new Float32Array(n), new Uint32Array(n)];
  };

  // What the server says of the sentence and of what is near, and a t-SNE that grows.
  let known = {};
  const show = () => {
    const value = props.value || {};
    if (value.tokens && value.tokens !== known.tokens) {
      sentence = JSON.parse(value.tokens);
      if (view === fittedView) fitWanted = true;
    }
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
    player.show(age, data.ages.length - 1);
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

  // Where the points are at this age; the map is fitted to those of the last, with the sentence's tokens, which are words so common that
  // they lie at the edge.
  const place = () => {
    if (!data || !grid.clientWidth) return;
    atAge(data.points, data.n, age, now);
    if (!fitWanted) return;
    fitWanted = false;
    const turned = is3d() ? (view.turn || view.tilt ? { turn: view.turn, tilt: view.tilt } : START_TURN) : FLAT;
    const whole = alone ? now : atAge(data.points, data.n, data.ages.length - 1, new Float32Array(3 * data.n));
    view = fittedView = { ...fitted(whole, data.n, isShown, sentence, size(), turned), ...turned };
  };

  let frame = 0;
  const draw = () => {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      paint();
    });
  };

  const restyle = () => {
    painted.restyled();
    recolour();
    draw();
  };

  const scene = () => ({
    ...size(), data, view, at, depth, colours, farther, order, groups, sort, only, alone, isShown, is3d: is3d(), hasAxes: wish.layout !== 'tsne' && Boolean(data.shares),
    focus: focus(), near: nearNow(), sentence, matches, hover, key, importance,
  });

  const paint = () => {
    if (!data || !grid.clientWidth) return;
    if (fitWanted) place();
    project(now, data.n, view, size(), at, depth);
    painted.paint(scene());
  };

  // What is marked lies on a canvas of its own: another token moves no point, unless only a few of them are shown.
  const mark = () => {
    if (frame || alone || fitWanted || !painted.isPainted() || !grid.clientWidth) draw();
    else painted.paintMarks(scene());
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
    player.say(ageSaid(words, data, age, wish.layout));
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
      player.stop();
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

  const goTo = (value) => {
    const before = Math.round(age);
    age = clamped(value, 0, data.ages.length - 1);
    player.show(age, data.ages.length - 1);
    place();
    if (alone && Math.round(age) !== before) fitWanted = true;
    draw();
    say();
  };
  const player = agePlayer(find('ages'), words, goTo);

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
    painted.resized();
    if (data && !alone && Math.abs(grid.clientWidth - drawnWidth) > 2) fitWanted = true;
    drawnWidth = grid.clientWidth;
    if (!data) ask();
    restyle();
  });
  watch('value', show);
  tell('cursor-asked');
  tell(`${exchange}-again`);
  show();
}
