#include "api/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace ouro::api {
namespace {

struct Civil {
  std::chrono::year_month_day date;
  unsigned weekday;  // 0 is Sunday
  std::chrono::hh_mm_ss<std::chrono::microseconds> time;
};

Civil civil(WallTime time) {
  using namespace std::chrono;
  // Years above 9999 do not fit the formats; a clock that far off is wrong anyway.
  constexpr WallTime last = 253402300799'999999;
  const sys_time<microseconds> point{microseconds{std::min(time, last)}};
  const sys_days day = floor<days>(point);
  return {year_month_day{day}, weekday{day}.c_encoding(), hh_mm_ss<microseconds>{point - day}};
}

void append_digits(std::string& out, std::uint64_t value, int width) {
  std::array<char, 20> digits;
  for (int i = width; i-- > 0; value /= 10)
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  out.append(digits.data(), static_cast<std::size_t>(width));
}

void append_clock(std::string& out, const Civil& at) {
  append_digits(out, static_cast<std::uint64_t>(at.time.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<std::uint64_t>(at.time.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<std::uint64_t>(at.time.seconds().count()), 2);
}

std::uint64_t year_of(const Civil& at) {
  return static_cast<std::uint64_t>(static_cast<int>(at.date.year()));
}

/// Bytes that follow `lead` in a UTF-8 sequence, or -1.
int followers(unsigned char lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return -1;
}

/// The least and the greatest byte that may come second after `lead`.
std::pair<unsigned char, unsigned char> second_range(unsigned char lead) {
  if (lead == 0xe0) return {0xa0, 0xbf};
  if (lead == 0xed) return {0x80, 0x9f};
  if (lead == 0xf0) return {0x90, 0xbf};
  if (lead == 0xf4) return {0x80, 0x8f};
  return {0x80, 0xbf};
}

}  // namespace

std::string hex16(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) text[i] = digits[value & 15];
  return text;
}

std::string http_date(WallTime time) {
  constexpr std::array days{"Sun, ", "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, "};
  constexpr std::array months{" Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                              " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec "};
  const Civil at = civil(time);
  std::string text;
  text.reserve(29);
  text += days[at.weekday];
  append_digits(text, static_cast<unsigned>(at.date.day()), 2);
  text += months[static_cast<unsigned>(at.date.month()) - 1];
  append_digits(text, year_of(at), 4);
  text += ' ';
  append_clock(text, at);
  text += " GMT";
  return text;
}

std::string rfc3339(WallTime time) {
  const Civil at = civil(time);
  std::string text;
  append_digits(text, year_of(at), 4);
  text += '-';
  append_digits(text, static_cast<unsigned>(at.date.month()), 2);
  text += '-';
  append_digits(text, static_cast<unsigned>(at.date.day()), 2);
  text += 'T';
  append_clock(text, at);
  text += '.';
  append_digits(text, static_cast<std::uint64_t>(at.time.subseconds().count()) / 1000, 3);
  text += 'Z';
  return text;
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i++]);
    const int count = followers(lead);
    if (count < 0 || bytes.size() - i < static_cast<std::size_t>(count)) return false;
    auto [least, greatest] = second_range(lead);
    for (int k = 0; k < count; ++k, ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      if (byte < least || byte > greatest) return false;
      least = 0x80, greatest = 0xbf;
    }
  }
  return true;
}

std::optional<unsigned> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace ouro::api
