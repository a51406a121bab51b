// Carousels and galleries.
import { find, html, style } from '../style.mjs';

const SLIDES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

export const carousels = [
  {
    name: 'Swiper, next',
    async mount(root) {
      const [{ default: Swiper }, { Navigation }, { default: sheet }, { default: arrows }] = await Promise.all([
        import('swiper'),
        import('swiper/modules'),
        import('swiper/css'),
        import('swiper/css/navigation'),
      ]);
      style(sheet + arrows);
      html(
        root,
        `<div class="swiper" style="width:300px;height:140px"><div class="swiper-wrapper">${SLIDES.map(
          (slide) => `<div class="swiper-slide">${slide}</div>`,
        ).join('')}</div><div class="swiper-button-prev"></div><div class="swiper-button-next"></div></div>`,
      );
      new Swiper('.swiper', { modules: [Navigation], navigation: { nextEl: '.swiper-button-next', prevEl: '.swiper-button-prev' } });
    },
    press: '.swiper-button-next',
    paceMs: 600,
  },
  {
    name: 'Embla, next',
    async mount(root) {
      const { default: Embla } = await import('embla-carousel');
      html(
        root,
        `<div id="view" style="overflow:hidden;width:300px"><div style="display:flex">${SLIDES.map(
          (slide) => `<div style="flex:0 0 300px;height:120px">${slide}</div>`,
        ).join('')}</div></div><button id="next">next</button>`,
      );
      const embla = Embla(find('#view'), { loop: true });
      find('#next').addEventListener('click', () => embla.scrollNext());
    },
    press: '#next',
    paceMs: 250,
  },
  {
    name: 'Splide, next',
    async mount(root) {
      const [{ default: Splide }, { default: sheet }] = await Promise.all([
        import('@splidejs/splide'),
        import('@splidejs/splide/dist/css/splide.min.css'),
      ]);
      style(sheet);
      html(
        root,
        `<section class="splide" style="width:300px"><div class="splide__track"><ul class="splide__list">${SLIDES.map(
          (slide) => `<li class="splide__slide" style="height:120px">${slide}</li>`,
        ).join('')}</ul></div></section>`,
      );
      new Splide('.splide', { type: 'loop' }).mount();
    },
    press: '.splide__arrow--next',
    paceMs: 400,
    twin: 'erroring',
  },
];
