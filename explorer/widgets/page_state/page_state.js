import { filled, follow, tell } from '../shared/dom.js';
import { linkOf, settled } from './address.js';
import { changedRun, editsOf, isSameRun, toldBy } from './runs.js';

const CONFIRM_MS = 250; // the figures of other edits, or of another moment, are asked for first: putting a request together holds their painting back
const LINK_DELAY_MS = 150; // browsers refuse many changes of address a second

const tabButton = (id) => document.querySelector(`#tabs [role=tab][data-tab-id="${CSS.escape(id)}"]`);
const openTab = (id) => tabButton(id)?.getAttribute('aria-selected') === 'false' && tabButton(id).click();

export default function mount({ element, props, trigger, watch, MAX_LINK, REST_MS, PARTS, words }) {
  // Gradio's <base> makes plotly name its gradients by the page's full address, which changes with every link written below:
  // the colour bars would go blank. It points at the folder the page is in, so nothing else depends on it.
  document.querySelector('base[href="./"]')?.remove();

  let last = { ...props.value }; // what is on screen; its run is ahead of the server where other edits or another moment of a model were wished for
  let answered = ''; // the run that the server has read last
  let settings = {}; // what a link holds beside it, by name; nothing that is as usual
  let typed = null; // { text, model } in the boxes above the tabs
  let sent = null; // those that the server was asked to read last
  let refused = false; // the last reading was
  let resting, confirming;
  let held = false; // a link that could not be honoured stays in the address bar until the person does something
  let acted = false;
  let tabChosen = false; // by the person, perhaps before the link has been read
  let writing;
  let tabChanged = false; // since the address was written: Back returns to the tab before
  let wentBack = ''; // the tab that Back has opened, until it is on screen

  const hear = (type, act) => follow(element, type, ({ detail }) => act(detail));
  const onScreen = () => (last.run ? JSON.parse(last.run) : { text: '', model: '', edits: '' });

  // Typing: a sentence is read when typing rests, or on Enter; until then the page tells of the older one, and shows that.
  const isOf = ({ text, model }) => typed.text === text && typed.model === model;
  const isOlder = () => Boolean(last.run && typed && !isOf(onScreen()));
  // Whether something else is in the boxes than what the server has read last, and than what it is reading now.
  const isUnread = () => Boolean(answered && typed && !isOf(toldBy(answered)));
  const isUnsent = () => Boolean(sent && typed && !isOf(sent));
  const read = () => {
    sent = { ...(typed ?? onScreen()) };
    trigger('submit');
  };
  const markOlder = () => document.documentElement.toggleAttribute('data-older', isOlder());

  const isAhead = () => last.edits !== editsOf(answered);

  // The one way in which the state changes. What other edits make of the run is known here: the figures ask for it at once, beside
  // the server's reading of the edits, and not after it.
  const put = (value) => {
    const before = last;
    last = { ...value };
    if (answered && isAhead() && !refused && !isOlder()) last.run = changedRun(last.run, { edits: last.edits });
    tell('cursor-turned', last); // what is painted from what lies here already comes before anything is asked
    props.value = { ...last };
    tell('cursor-moved', last);
    markOlder();
    if (before.run && before.tab !== last.tab && !wentBack) tabChanged = true;
    if (last.tab === wentBack) wentBack = '';
    if (answered && before.edits !== last.edits && isAhead()) {
      clearTimeout(confirming);
      confirming = setTimeout(read, CONFIRM_MS);
    }
    writeSoon();
  };

  // What a reading answers: where the cursor stands in what was read, or that it was refused; a link brings its settings too.
  const arrive = ({ restored, hold = false, ...value }) => {
    refused = Boolean(value.refused);
    held = held || hold;
    if (restored) {
      settings = restored;
      tell('link-restored', settings);
      if (tabChosen && last.tab) value.tab = last.tab;
      else openTab(value.tab);
    }
    if (refused) return put({ ...last, run: answered });
    answered = value.run;
    const isLater = isUnread() && isOf(onScreen()); // another moment was chosen meanwhile
    put({ ...settled(value, last), ...(isLater || isSameRun(answered, last.run) ? { run: last.run } : {}) });
    if (isAhead() && !isOlder()) read(); // switched back and forth while it was read
  };

  watch('value', () => {
    const value = props.value || {};
    if (value.refused || value.asked) arrive(value);
    else if (Object.keys(value).some((part) => value[part] !== last[part])) put(value);
  });

  hear('sentence-typed', ({ now = false, ...changed }) => {
    typed = { ...(typed || onScreen()), ...changed };
    markOlder();
    clearTimeout(resting);
    if (!isOlder() && !isUnread() && !isUnsent() && !refused) return;
    // Another moment, whose figures have been asked for: the reading only confirms, and waits until nobody drags any more.
    if (!isOlder() && !refused) resting = setTimeout(read, CONFIRM_MS);
    else if (now) read();
    else resting = setTimeout(read, REST_MS);
  });
  hear('page-wish', (wish) => {
    put({ ...last, ...wish });
    if (wish.tab) openTab(wish.tab);
  });
  // Another moment of the same training: it reads the same tokens, so that the figures need not wait until that is read.
  hear('moment-chosen', ({ model }) => {
    if (!answered || refused || isOlder()) return;
    typed = { ...onScreen(), model };
    put({ ...last, run: changedRun(last.run, { model }) });
  });
  hear('cursor-asked', () => {
    if (last.run) tell('cursor-moved', last);
  });
  hear('link-setting', (changed) => {
    settings = Object.fromEntries(Object.entries({ ...settings, ...changed }).filter(([, value]) => value !== null));
    writeSoon();
  });
  hear('settings-asked', () => tell('link-restored', settings));

  const address = ({ text, model, edits } = onScreen()) => {
    const cursor = Object.fromEntries(PARTS.map((part) => [part, last[part]]));
    return linkOf({ text, model, ...cursor, ...(edits ? { edits } : {}), ...settings }, location.search, MAX_LINK);
  };

  const write = ({ query } = address()) => {
    if (`?${query}` !== location.search) {
      history[tabChanged ? 'pushState' : 'replaceState'](history.state, '', `?${query}${location.hash}`);
      // A Space shows the page in a frame and puts this into the address bar around it.
      if (window.parent !== window) window.parent.postMessage({ queryString: query }, 'https://huggingface.co');
    }
    tabChanged = false;
  };
  const writeSoon = () => {
    if (!last.run || (held && !acted)) return;
    if (held) trigger('clear');
    held = false;
    clearTimeout(writing);
    if (tabChanged) write();
    else writing = setTimeout(() => write(), LINK_DELAY_MS);
  };

  // Whatever a person does counts, but not what follows from opening a link.
  for (const type of ['pointerdown', 'keydown']) {
    follow(element, type, ({ isTrusted, target }) => {
      acted = acted || isTrusted;
      tabChosen = tabChosen || (isTrusted && Boolean(target.closest?.('[role=tab]')));
    });
  }

  follow(element, 'popstate', () => {
    // Without a name it is the address that the page was opened with, before anything was written into it.
    const first = document.querySelector('#tabs [role=tab]').dataset.tabId;
    const id = new URLSearchParams(location.search).get('tab') ?? first;
    if (id === (wentBack || last.tab) || !tabButton(id)) return;
    wentBack = id;
    tabButton(id).click();
  }, window);

  hear('server-changed', (answer) => {
    if (!last.run) return answer('');
    clearTimeout(writing);
    const whole = address({ ...onScreen(), ...typed }); // what is typed would be gone
    write(whole);
    return answer(whole.left.join(', '));
  });

  hear('copy-link', async (answer) => {
    const { query, left } = address();
    try {
      await navigator.clipboard.writeText(`${location.origin}${location.pathname}?${query}`);
      answer(left.length ? filled(words.copied_without, { left: left.join(', ') }) : words.copied);
    } catch {
      answer(words.not_copied);
    }
  });
}
