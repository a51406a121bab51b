// Dates, choices, sliders.
import { find, html, press, style } from '../style.mjs';

/** A day in the calendar of air-datepicker. */
const day = (n) => `.air-datepicker-cell.-day-:not(.-other-month-)[data-date="${n}"]`;

export const pickers = [
  {
    name: 'flatpickr, next month',
    async mount(root) {
      const [{ default: flatpickr }, { default: sheet }] = await Promise.all([
        import('flatpickr'),
        import('flatpickr/dist/flatpickr.css'),
      ]);
      style(sheet);
      html(root, '<input id="day">');
      flatpickr(find('#day'), { inline: true, disableMobile: true });
    },
    press: '.flatpickr-next-month',
  },
  {
    name: 'flatpickr, hours up',
    async mount(root) {
      const [{ default: flatpickr }, { default: sheet }] = await Promise.all([
        import('flatpickr'),
        import('flatpickr/dist/flatpickr.css'),
      ]);
      style(`${sheet} .arrowUp, .arrowDown { opacity: 1 !important }`);
      html(root, '<input id="time">');
      flatpickr(find('#time'), { inline: true, disableMobile: true, enableTime: true, noCalendar: true, time_24hr: true });
    },
    press: '.flatpickr-hour + .arrowUp',
    times: 6,
    paceMs: 200,
    touch: false,
  },
  {
    name: 'air-datepicker, days',
    async mount(root) {
      const [{ default: AirDatepicker }, { default: sheet }, { default: en }] = await Promise.all([
        import('air-datepicker'),
        import('air-datepicker/air-datepicker.css'),
        import('air-datepicker/locale/en.js'),
      ]);
      style(sheet);
      html(root, '<div id="days"></div>');
      new AirDatepicker('#days', { locale: en, multipleDates: true, startDate: new Date(2026, 4, 1) });
    },
    press: [12, 13, 14, 15].map(day),
    broken: day(12),
    times: 4,
    twin: 'erroring',
  },
  {
    name: 'air-datepicker, one month back',
    async mount(root) {
      const [{ default: AirDatepicker }, { default: sheet }, { default: en }] = await Promise.all([
        import('air-datepicker'),
        import('air-datepicker/air-datepicker.css'),
        import('air-datepicker/locale/en.js'),
      ]);
      style(sheet);
      html(root, '<div id="days"></div>');
      new AirDatepicker('#days', { locale: en });
    },
    press: '.air-datepicker-nav--action[data-action="prev"]',
    times: 9,
    paceMs: 150,
  },
  {
    name: 'noUiSlider, along the track',
    async mount(root) {
      const [{ default: noUiSlider }, { default: sheet }] = await Promise.all([
        import('nouislider'),
        import('nouislider/dist/nouislider.css'),
      ]);
      style(sheet);
      html(root, '<div id="track" style="margin: 20px; width: 280px"></div>');
      noUiSlider.create(find('#track'), { start: 10, range: { min: 0, max: 100 } });
    },
    press: ['#track 0.3', '#track 0.4', '#track 0.5', '#track 0.6', '#track 0.7'],
    plain: true,
  },
  {
    name: 'Choices, opened and closed',
    async mount(root) {
      const [{ default: Choices }, { default: sheet }] = await Promise.all([
        import('choices.js'),
        import('choices.js/public/assets/styles/choices.css'),
      ]);
      style(sheet);
      html(root, '<select id="fruit"><option>apple</option><option>pear</option><option>plum</option></select>');
      new Choices(find('#fruit'), { searchEnabled: false, shouldSort: false });
    },
    press: '.choices__inner',
    paceMs: 400,
    plain: true,
  },
  {
    name: 'Tom Select, taken out again',
    async mount(root) {
      const [{ default: TomSelect }, { default: sheet }] = await Promise.all([
        import('tom-select'),
        import('tom-select/dist/css/tom-select.css'),
      ]);
      style(sheet);
      const options = ['oak', 'ash', 'elm', 'fir', 'yew', 'box'];
      html(root, `<select id="trees" multiple>${options.map((tree) => `<option selected>${tree}</option>`).join('')}</select>`);
      new TomSelect('#trees', { plugins: ['remove_button'] });
    },
    // The others move up as one goes.
    press: '.ts-control .item:first-child .remove',
    places: 'moving',
    times: 4,
    paceMs: 450,
  },
  {
    name: 'Material checkbox and switch',
    async mount(root) {
      await Promise.all([import('@material/web/checkbox/checkbox.js'), import('@material/web/switch/switch.js')]);
      html(root, '<md-checkbox id="yes"></md-checkbox> <md-switch id="on"></md-switch>');
    },
    press: ['#yes', '#on'],
    paceMs: 350,
    broken: '#yes',
  },
  {
    name: 'Material button with its ripple',
    async mount(root) {
      await import('@material/web/button/filled-button.js');
      html(root, '<md-filled-button id="add">Add</md-filled-button><p>In the basket: <b id="sum">0</b></p>');
      press('#add', () => (find('#sum').textContent = String(Number(find('#sum').textContent) + 1)));
    },
    press: '#add',
    times: 4,
    paceMs: 350,
  },
  {
    name: 'Material tabs',
    async mount(root) {
      await Promise.all([import('@material/web/tabs/tabs.js'), import('@material/web/tabs/primary-tab.js')]);
      html(root, '<md-tabs><md-primary-tab id="a">A</md-primary-tab><md-primary-tab id="b">B</md-primary-tab></md-tabs>');
    },
    press: ['#b', '#a'],
    // Three on each, and the last of them leaves the other one to be pressed.
    times: 6,
    paceMs: 350,
  },
];
