// Dates, choices, sliders.
import { find, html, style } from '../style.mjs';

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
    press: ['[data-date="12"]', '[data-date="13"]', '[data-date="14"]', '[data-date="15"]'].map(
      (day) => `.air-datepicker-cell.-day-:not(.-other-month-)${day}`,
    ),
    times: 4,
    twin: 'erroring',
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
      noUiSlider.create(find('#track'), { start: 10, range: { min: 0, max: 100 }, pips: { mode: 'count', values: 5, density: 5 } });
    },
    press: ['#track 0.3', '#track 0.4', '#track 0.5', '#track 0.6', '#track 0.7'],
    plain: true,
  },
];
