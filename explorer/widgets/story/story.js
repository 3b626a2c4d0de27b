// Text written token by token: the parts of the widget, put together.
import { finder, follow } from '../shared/dom.js';
import { colourChoice, request, transport } from './controls.js';
import { originsOf } from './origins.js';
import { isOld, player } from './player.js';
import { storyView } from './view.js';

export default function mount({ element, props, trigger, watch, words, limits }) {
  const find = finder(element);
  const state = {
    prompt: null, // what the next text continues: { run, text, ids, limit, end }
    tree: null, // of tree.run, which may be that of an older prompt
    current: null, // the branch on show
    position: 0, // how many of its tokens are
    over: false, // whether a greedy text begins again at the sentence
    playing: null, // { target, pace, single }
    job: null, // { id, branch, from, read, count, parted }: what the server has been asked for
    pinned: null, // the place whose alternatives are held on show
    hovered: null,
    colours: 'own', // how chips are: 'own', 'drawn' or 'rank'
  };

  const act = {}; // what a person can ask for; the view is there before the player, which fills it
  const buttons = transport({
    find,
    words,
    act: {
      start: () => act.rewind(0),
      back: () => act.rewind(state.position - 1),
      play: () => act.onceRead(state.playing ? act.pause : act.play),
      step: () => act.onceRead(act.step),
      carry: () => act.carry(),
    },
  });
  const wanted = request({
    element,
    find,
    words,
    limits,
    onAmount: () => {
      const { current, position } = state;
      if (current && position >= current.tokens.length) current.target = position;
    },
  });
  const view = storyView({ find, words, limits, state, act, buttons });
  colourChoice({ element, find, words, group: `${element.id}-colours`, chosen: state.colours, choose: view.colourBy });

  const send = {
    write: (asked) => {
      props.value = { request: asked };
      trigger('write');
    },
    halt: () => trigger('halt'),
    carry: (text) => {
      props.value = { carry: text };
      trigger('carry');
    },
  };
  Object.assign(act, player({ state, words, limits, wanted, view, send }));

  follow(element, 'sampling-settings', () => {
    if (state.job && !state.playing?.pace) view.say(words.moved);
  });
  const read = () => {
    const packed = document.documentElement.dataset.prompt;
    if (packed) act.begin(JSON.parse(packed));
  };
  follow(element, 'prompt-read', read);
  watch('value', () => {
    const value = props.value || {};
    if (!state.job || value.job !== state.job.id) return; // our own request, or what was on its way when it was halted
    act.take(value);
    view.draw();
  });
  // Every token on show, as exact as it came.
  find('story').figureTable = () => ({
    columns: words.table_head.split(', '),
    rows: (state.current?.tokens ?? []).slice(0, state.position).map((token, place) => [
      place + 1, token.text, token.id, Math.exp(token.own), token.probability, token.rank, token.forced ? 1 : 0,
    ]),
    origins: (row, column) => {
      if (isOld(state)) return null;
      const { own, drawn } = originsOf(state.tree, state.current.tokens, row, state.current.tokens[row].id);
      return { 3: own, 4: drawn }[column] ?? null;
    },
  });
  read();
  view.draw();
}
