// The map on the page: what it shows, what the finger, the keys and the cursor do to it, and what it asks for.
import { drawnAgain, penFor, penOn, sharpness, textSizeOf } from '../shared/canvas.js';
import { attributed, button, filled, follow, node, put, tell } from '../shared/dom.js';
import { linked } from '../shared/linked.js';
import { clamped, floatsOf } from '../shared/numbers.js';
import { unpacked } from './data.js';
import { layoutOf } from './layout.js';
import { frame, paintArcs, paintMap } from './paint.js';
import { boxOf, columnsOfPlaces, placeAt, stepped } from './places.js';
import { picturesOf } from './pictures.js';
import { originOf, saidOf } from './reading.js';
import { tableOf } from './saved.js';
import { mapStyle } from './style.js';
import { switches } from './switches.js';
import { litParts, STOPS } from './walk.js';
import { walking } from './walking.js';

const PHONE = 640, BELOW = 14; // pixels
const HIGH = { phone: 39, least: 15.5, most: 47.5 }; // of the map, in sizes of the text

export default function mount({ element, props, trigger, watch, words, exchange, ranking, start, tab }) {
  const find = (name) => element.querySelector(`.map-${name}`);
  const root = element.querySelector('.map');
  const grid = find('grid'), picture = find('picture'), marks = find('marks');
  let sent = {}; // the strings that were unpacked
  let data = null;
  let answers = null;
  let inside = null; // { layer, token, head, strips }
  let costs = null; // { text, model, costs: [edit, 0 to 1], said }
  let pictures;
  let cursor = { token: 0, layer: 0, head: 0, run: '' };
  let settings = start;
  let open = false; // the picked layer
  let next = null; // the id of the chosen next token
  let hover = null, key = null, chosen = null; // places: under the finger, under the keys, last clicked
  let keyed = false;
  let lit = null; // a token that another view points at
  let acting = false; // the cursor moves because of a click here
  let scene = null;

  const below = switches(find('switches'), words);

  // --- what is known -----------------------------------------------------------------------------------------------------------

  const draw = () => {
    const value = props.value || {};
    if (!value.about) return;
    if (value.about !== sent.about || value.patterns !== sent.patterns || value.lengths !== sent.lengths) {
      const before = data?.about;
      data = unpacked(value);
      pictures = null;
      loudest.clear();
      if (!before || before.tokens !== data.about.tokens || before.layers !== data.about.layers || before.heads !== data.about.heads) hover = key = chosen = null;
      if (before?.run !== data.about.run) {
        inside = null;
        if (chosen?.kind === 'strip') chosen = null;
      }
      answers = JSON.parse(value.answers);
      root.dataset.edits = data.about.edits; // of which model the picture tells
      tell(`${exchange}-again`);
      sent = { ...value };
    }
    layOut();
    ask();
  };

  // Whether { text, model } is what the map tells of; edits do not count.
  const isOf = (told) => {
    const { text, model } = JSON.parse(data.about.run);
    return told?.text === text && told.model === model;
  };
  const isHere = () => cursor.run && isOf(JSON.parse(cursor.run));
  // The edits that were wished for last: those on screen, or on their way there.
  const wished = () => (cursor.run ? (cursor.edits || '').split(',').filter(Boolean) : data.about.edits);
  const inRange = () => ({ token: clamped(cursor.token, 0, data.about.tokens - 1), layer: clamped(cursor.layer, 0, data.about.layers - 1), head: clamped(cursor.head, 0, data.about.heads - 1) });

  // What the server must still tell for what is on screen.
  const ask = () => {
    if (!data || !root.offsetParent) return;
    const at = inRange();
    const usual = JSON.stringify(settings) === JSON.stringify(start);
    const lacks = !answers?.guesses[at.token] || (data.about.form === 'pooled' && !data.isExact(at.token));
    tell(`${exchange}-asked`, {
      settings: usual ? null : settings,
      token: lacks ? at.token : null,
      inside: open ? [at.layer, at.head, at.token] : null,
    });
  };

  follow(element, `${exchange}-came`, ({ detail }) => {
    if (!data || detail.run !== data.about.run) return;
    if (detail.answers) {
      const { asked } = detail.answers;
      const alike = JSON.stringify(asked.settings ?? null) === JSON.stringify(answers.asked.settings ?? null);
      answers = alike ? { asked, guesses: { ...answers.guesses, ...detail.answers.guesses }, before: { ...answers.before, ...detail.answers.before }, names: { ...answers.names, ...detail.answers.names } } : detail.answers;
    }
    for (const [query, row] of Object.entries(detail.rows ?? {})) data.learn(Number(query), row);
    if (detail.inside) inside = { ...detail.inside, strips: detail.inside.strips.map((strip) => ({ ...strip, values: floatsOf(strip.values) })) };
    layOut();
  });
  follow(element, `${ranking}-came`, ({ detail }) => {
    costs = detail;
    layOut();
  });

  const loudest = new Map(); // by layer: its largest neuron over all tokens
  const loudestOf = (layer) => {
    if (!loudest.has(layer)) {
      let most = 0;
      for (let token = 0; token < data.about.tokens; token++) for (let bin = 0; bin < data.about.neurons; bin++) most = Math.max(most, Math.abs(data.neuron(layer, token, bin).value));
      loudest.set(layer, most);
    }
    return loudest.get(layer);
  };

  // --- what is painted ---------------------------------------------------------------------------------------------------------

  // As high as the window lets it be, the switches below still in it; a phone scrolls, and an enlarged figure has its own height.
  const fit = () => {
    if (element.closest('[data-large]')) return root.style.removeProperty('--map-height');
    const size = textSizeOf(root);
    if (window.innerWidth <= PHONE) return root.style.setProperty('--map-height', `${HIGH.phone * size}px`);
    const above = grid.getBoundingClientRect().top + window.scrollY;
    const room = window.innerHeight - above - find('switches').offsetHeight - BELOW;
    root.style.setProperty('--map-height', `${Math.round(clamped(room, HIGH.least * size, HIGH.most * size))}px`);
  };

  const layOut = () => {
    if (!data || !grid.clientWidth) return;
    fit();
    const drawn = penOn(picture);
    if (!drawn) return;
    const { pen, width, height } = drawn;
    const style = mapStyle(root);
    pictures ??= picturesOf(data, style);
    if (pictures.theme !== style.theme) pictures = picturesOf(data, style);
    pen.font = `${style.size}px ${style.mono}`;
    const widest = data.widest?.size === style.size ? data.widest.width : Math.max(...data.about.labels.map(([name]) => pen.measureText(name).width));
    data.widest = { size: style.size, width: widest };
    const at = inRange();
    const layout = layoutOf({ width, height, size: style.size, about: data.about, widest, at, open });
    const guess = answers?.guesses[at.token] ?? null;
    const strips = inside && inside.layer === at.layer && inside.head === at.head && inside.token === at.token ? inside.strips : null;
    scene = {
      layout, data, style, words, guess, before: (guess && answers.before[at.token]) || null, names: answers?.names ?? {}, settings,
      costs: isOf(costs) ? new Map(costs.costs) : null,
      next: next !== null && guess?.bars.includes(next) ? next : null, cursor: at, inside: strips, loudest: loudestOf,
      pictures: data.about.form === 'none' ? null : pictures.of,
    };
    paintMap(pen, scene);
    grid.setAttribute('aria-label', `${filled(words.label, { layers: data.about.layers, heads: data.about.heads })} ${words.keys}`);
    root.toggleAttribute('data-older', !isHere());
    below.show(at, wished(), chosen?.kind === 'head' && chosen.key !== undefined && chosen.key <= chosen.query ? [chosen.query, chosen.key] : null);
    put(opener, filled(open ? words.close_layer : words.open_layer, { layer: at.layer }));
    opener.setAttribute('aria-pressed', String(open));
    mark();
    walk.show();
    ask(); // a setting may have changed while this tab was closed
  };

  const read = () => [hover, keyed ? key : null, chosen].find((place) => place && (place.kind !== 'strip' || scene.inside)) ?? null;

  const mark = () => {
    if (!scene) return;
    const { layout, style } = scene;
    const pen = penFor(marks, { width: layout.width, height: layout.height, ratio: sharpness(root) });
    if (walk.stop() !== null) dim(pen);
    const over = hover ?? (keyed ? key : null);
    if (over?.token !== undefined && over.token !== layout.at.token && !layout.open) paintArcs(pen, scene, over.token, 0.55);
    if (over?.kind === 'head' && over.query !== undefined) framed(pen, style.soft, rowBox(over.query));
    if (lit !== null) framed(pen, style.ink, rowBox(lit));
    for (const [place, colour, line] of [[chosen, style.accent, 2], [over, style.ink, 2]]) {
      const box = place && boxOf(scene, place);
      if (box) framed(pen, colour, box, line);
    }
    say();
  };

  const rowBox = (token) => {
    const row = scene.layout.rows.find((one) => one.token === token);
    return row ? { x: 1, y: row.y + 1, width: scene.layout.tokens.width - 4, height: row.height - 2 } : { x: 0, y: 0, width: 0, height: 0 };
  };

  const framed = (pen, colour, { x, y, width, height }, line = 1.5) => frame(pen, colour, x, y, width, height, line);

  const dim = (pen) => {
    const { layout, style } = scene;
    const shade = new Path2D();
    shade.rect(0, 0, layout.width, layout.height);
    const bright = new Path2D();
    litParts(scene, walk.stop()).forEach(({ x, y, width, height }) => bright.rect(x, y, width, height));
    pen.save();
    pen.globalAlpha = 0.78;
    pen.fillStyle = style.paper;
    pen.fill(shade);
    pen.globalCompositeOperation = 'destination-out';
    pen.globalAlpha = 1;
    pen.fill(bright);
    pen.restore();
  };

  // --- what is said ------------------------------------------------------------------------------------------------------------

  const say = () => {
    const place = read();
    const line = find('read');
    line.setAttribute('aria-live', hover || keyed ? 'off' : 'polite');
    put(line, place ? saidOf(scene, place) : scene.costs ? costs.said : words.hint);
    origin.disabled = !place || !originOf(scene, place);
    announce(place?.token ?? (place?.kind === 'head' ? place.query : undefined) ?? null);
    if (!keyed || !key || (key.kind === 'strip' && !scene.inside)) return;
    const cell = attributed(node('span', '', saidOf(scene, key)), { role: 'gridcell', id: `${element.id || 'map'}-place` });
    find('row').replaceChildren(cell);
    grid.setAttribute('aria-activedescendant', cell.id);
  };

  let announced = null;
  const announce = (position) => {
    if (position === announced) return;
    announced = position;
    tell('token-hover', { position, from: element });
  };

  // --- what a person does ------------------------------------------------------------------------------------------------------

  const act = (place) => {
    acting = true;
    choose(place);
    acting = false;
  };
  const choose = (place) => {
    chosen = place;
    const { kind } = place;
    if (kind === 'layer') {
      const other = place.layer !== scene.layout.at.layer;
      if (other) tell('page-wish', { layer: place.layer });
      return setOpen(other || !open);
    }
    if (kind === 'head') tell('page-wish', { layer: place.layer, head: place.head });
    else if (kind === 'bar') setNext(place.id === next ? null : place.id);
    else if (kind === 'written') tell('page-wish', { layer: place.layer, token: place.token });
    else if (kind === 'mlp') tell('page-wish', { layer: place.layer });
    else if (place.token !== undefined) tell('page-wish', { token: place.token });
    layOut();
    askOrigin(true);
  };

  // `only`: where the drawer is open already.
  const askOrigin = (only = false) => {
    const asked = read() && originOf(scene, read());
    if (asked) tell('number-asked', { ...asked, from: grid, follow: only });
  };

  // A person's choices that a link holds; what a link brings is not told back to it.
  let keep = {};
  const setOpen = (wanted, mine = true) => {
    open = wanted;
    if (mine) keep.open(open ? '1' : '0');
    if (!open) {
      inside = null;
      [hover, key, chosen] = [hover, key, chosen].map((place) => (place?.kind === 'strip' ? null : place)); // they are not there any more
    }
    if (data) layOut();
    ask();
  };
  const setNext = (id, mine = true) => {
    next = id;
    if (mine) keep.next(id === null ? '' : String(id));
    if (data) layOut();
  };

  const pointed = (event) => {
    const bounds = grid.getBoundingClientRect();
    return [((event.clientX - bounds.left) * grid.clientWidth) / bounds.width, ((event.clientY - bounds.top) * grid.clientHeight) / bounds.height];
  };
  grid.addEventListener('pointermove', (event) => {
    if (!scene || event.pointerType === 'touch') return;
    const place = placeAt(scene, ...pointed(event));
    if (JSON.stringify(place) === JSON.stringify(hover)) return;
    hover = place;
    if (place) keyed = false;
    grid.style.cursor = place ? 'pointer' : '';
    mark();
  });
  grid.addEventListener('pointerleave', () => {
    hover = null;
    if (scene) mark();
  });
  // A click tells its place in whole pixels, which in a small head is the neighbour's: the press tells it in fractions.
  let pressed = null;
  grid.addEventListener('pointerdown', (event) => { pressed = pointed(event); });
  grid.addEventListener('click', (event) => {
    const place = scene && placeAt(scene, ...(event.detail && pressed ? pressed : pointed(event)));
    if (!place) return;
    key = place;
    act(place);
  });
  grid.addEventListener('dblclick', () => scene && askOrigin());
  grid.addEventListener('keydown', (event) => {
    if (!scene || event.altKey || event.ctrlKey || event.metaKey) return;
    const acts = { Enter: () => key && act(key), ' ': () => key && act(key), '?': () => askOrigin(), s: () => below.turn('head'), o: () => setOpen(!open) };
    const columns = columnsOfPlaces(scene);
    key ??= { kind: 'token', token: scene.layout.at.token };
    const to = stepped(event.key, key, columns, scene.inside?.map((strip) => strip.values.length));
    if (!to && !acts[event.key]) return;
    event.preventDefault();
    keyed = true;
    hover = null;
    if (to) key = to;
    else acts[event.key]();
    mark();
  });
  grid.addEventListener('focus', () => {
    keyed = grid.matches(':focus-visible');
    if (scene) key ??= { kind: 'token', token: scene.layout.at.token };
    if (scene) mark();
  });
  grid.addEventListener('blur', () => {
    keyed = false;
    if (scene) mark();
  });

  // --- tools and the walk ------------------------------------------------------------------------------------------------------

  const opener = button('map-tool', '', () => setOpen(!open));
  const origin = attributed(button('map-tool', words.shared_where_from, () => askOrigin()), { title: words.origin_info });
  const walker = button('map-tool', words.walk, () => walk.goTo(walk.stop() === null ? 0 : null));
  const rank = attributed(button('map-tool', words.rank, () => {
    chosen = hover = null;
    trigger('select');
  }), { title: words.rank_info });
  find('tools').append(walker, opener, rank, origin);
  attributed(find('tools'), { 'aria-label': words.tools });
  const walk = walking({ find, words, walker }, {
    scene: () => scene,
    moved: (stop, mine) => {
      if (mine) keep.walk(stop === null ? '' : String(stop + 1));
      if (stop !== null && open && !STOPS[stop].steps) setOpen(false);
      if (scene) mark();
    },
    isSeen: () => element.isConnected && root.offsetParent !== null,
    goOn: (longer) => {
      props.value = { ...props.value, longer };
      trigger('submit');
    },
  });

  // --- what the page tells -----------------------------------------------------------------------------------------------------

  follow(element, 'cursor-moved', ({ detail }) => {
    const moved = ['token', 'layer', 'head'].some((part) => detail[part] !== cursor[part]);
    const other = detail.run !== cursor.run || detail.edits !== cursor.edits;
    cursor = detail;
    if (moved && !acting) chosen = null; // what is said of it tells of another place than the cursor's
    if (!data || detail.tab !== tab || !(moved || other)) return; // a closed tab is laid out when it opens
    layOut();
    ask();
  });
  const take = (changed) => {
    const known = Object.fromEntries(Object.keys(start).map((name) => [name, changed[name] ?? start[name]]));
    if (JSON.stringify(known) === JSON.stringify(settings)) return;
    settings = known;
    ask();
  };
  follow(element, 'sampling-settings', ({ detail }) => take(detail));
  follow(element, 'link-restored', ({ detail }) => take(detail));
  follow(element, 'token-hover', ({ detail }) => {
    if (detail.from === element || lit === detail.position) return;
    lit = detail.position;
    if (scene) mark();
  });
  drawnAgain(grid, layOut);
  // What stands above the map comes and goes (a refusal, the line of changes): the map takes the room at once.
  const page = new ResizeObserver(() => {
    if (!element.isConnected) page.disconnect();
    else if (scene && grid.clientWidth) fit();
  });
  page.observe(document.body);

  keep = {
    open: linked(element, 'opened', '0', (value) => setOpen(String(value) === '1' || value === true, false)),
    next: linked(element, 'next', '', (value) => setNext(value === '' ? null : Number(value), false)),
    walk: linked(element, 'walk', '', (value) => walk.goTo(value === '' ? null : clamped(Number(value) - 1, 0, STOPS.length - 1), false)),
  };
  root.mapBox = (place) => scene && boxOf(scene, place); // where a place is drawn, as a finger finds it
  root.figureName = words.title;
  root.figureTable = () => tableOf(scene, words);
  watch('value', draw);
  tell('cursor-asked');
  tell('settings-asked');
  draw();
}
