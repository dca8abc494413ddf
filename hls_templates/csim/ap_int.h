// SPDX-License-Identifier: Apache-2.0
/// Integers of any width for C simulation: the part of the interface of AMD's header of the same
/// name that emitted code and the kernel library use. Objects are plain little-endian bytes, so
/// that device memory may be filled as raw bytes: sizeof(ap_uint<512>) is 64.
#ifndef STREAMTENSOR_CSIM_AP_INT_H
#define STREAMTENSOR_CSIM_AP_INT_H

#include <cstdint>
#include <type_traits>

template <int W, bool Signed>
class ap_int_base;

/// Bits hi..lo of an integer, as a value that can be read and assigned.
template <int W, bool Signed>
class ap_range_ref {
 public:
  ap_range_ref(ap_int_base<W, Signed>& whole, int hi, int lo) : whole_(whole), hi_(hi), lo_(lo) {}
  ap_range_ref(const ap_range_ref&) = default;

  [[nodiscard]] int length() const { return hi_ - lo_ + 1; }

  /// The 64 lowest bits of the range.
  [[nodiscard]] std::uint64_t to_uint64() const {
    return whole_.get(lo_, length() < 64 ? length() : 64);
  }
  [[nodiscard]] unsigned to_uint() const { return static_cast<unsigned>(to_uint64()); }
  [[nodiscard]] int to_int() const { return static_cast<int>(to_uint64()); }
  operator unsigned long long() const { return to_uint64(); }

  template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
  ap_range_ref& operator=(I value) {
    return *this = ap_int_base<64, std::is_signed_v<I>>(value);
  }

  template <int W2, bool Signed2>
  ap_range_ref& operator=(const ap_int_base<W2, Signed2>& value) {
    for (int bit = 0; bit < length(); bit += 64) {
      const int count = length() - bit < 64 ? length() - bit : 64;
      whole_.set(lo_ + bit, count, value.get(bit, count));
    }
    return *this;
  }

  template <int W2, bool Signed2>
  ap_range_ref& operator=(const ap_range_ref<W2, Signed2>& other) {
    ap_int_base<W2, false> value = other;
    return *this = value;
  }
  ap_range_ref& operator=(const ap_range_ref& other) { return operator=<W, Signed>(other); }

 private:
  template <int W2, bool Signed2>
  friend class ap_int_base;

  ap_int_base<W, Signed>& whole_;
  int hi_;
  int lo_;
};

/// An integer of W bits. Up to 64 bits it is stored in the smallest machine type that holds it,
/// else in limbs of 64 bits, the least significant first; bits above W are zero, for negative ones
/// too.
template <int W, bool Signed>
class ap_int_base {
  static_assert(W > 0);
  using Limb = std::conditional_t<
      W <= 8, std::uint8_t,
      std::conditional_t<W <= 16, std::uint16_t,
                         std::conditional_t<W <= 32, std::uint32_t, std::uint64_t>>>;
  static constexpr int LimbBits = 8 * static_cast<int>(sizeof(Limb));
  static constexpr int Limbs = (W + LimbBits - 1) / LimbBits;

 public:
  static constexpr int width = W;

  ap_int_base() = default;

  template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
  ap_int_base(I value) {
    const std::uint64_t low = static_cast<std::uint64_t>(value);
    bool negative = false;
    if constexpr (std::is_signed_v<I>) negative = value < 0;
    for (int i = 0; i < Limbs; ++i) {
      limb_[i] = static_cast<Limb>(i == 0 ? low : negative ? ~std::uint64_t{0} : 0);
    }
    trim();
  }

  template <int W2, bool Signed2>
  ap_int_base(const ap_int_base<W2, Signed2>& other) {
    for (int i = 0; i < Limbs; ++i) {
      limb_[i] = static_cast<Limb>(other.get(i * LimbBits, LimbBits));
    }
    trim();
  }

  template <int W2, bool Signed2>
  ap_int_base(const ap_range_ref<W2, Signed2>& range) {
    for (int bit = 0; bit < range.length() && bit < W; bit += LimbBits) {
      const int rest = range.length() - bit;
      limb_[bit / LimbBits] =
          static_cast<Limb>(range.whole_.get(range.lo_ + bit, rest < LimbBits ? rest : LimbBits));
    }
    trim();
  }

  ap_range_ref<W, Signed> range(int hi, int lo) { return {*this, hi, lo}; }
  ap_range_ref<W, Signed> operator()(int hi, int lo) { return {*this, hi, lo}; }
  /// Reading a range of a constant; it must not be assigned to.
  const ap_range_ref<W, Signed> range(int hi, int lo) const {
    return {const_cast<ap_int_base&>(*this), hi, lo};
  }
  const ap_range_ref<W, Signed> operator()(int hi, int lo) const { return range(hi, lo); }

  /// The 64 lowest bits, extended by the sign where the type has one.
  [[nodiscard]] std::uint64_t to_uint64() const { return get(0, 64); }
  [[nodiscard]] std::int64_t to_int64() const { return static_cast<std::int64_t>(to_uint64()); }
  [[nodiscard]] unsigned to_uint() const { return static_cast<unsigned>(to_uint64()); }
  [[nodiscard]] int to_int() const { return static_cast<int>(to_uint64()); }
  operator std::conditional_t<Signed, long long, unsigned long long>() const {
    return static_cast<std::conditional_t<Signed, long long, unsigned long long>>(to_uint64());
  }

  /// Values are compared, whatever the widths and signs are.
  template <int W2, bool Signed2>
  bool operator==(const ap_int_base<W2, Signed2>& other) const {
    if (negative() != other.negative()) return false;
    constexpr int Widest = W > W2 ? W : W2;
    for (int bit = 0; bit < Widest; bit += 64) {
      if (get(bit, 64) != other.get(bit, 64)) return false;
    }
    return true;
  }
  template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
  bool operator==(I value) const {
    return *this == ap_int_base<64, std::is_signed_v<I>>(value);
  }
  template <typename Other>
  bool operator!=(const Other& other) const {
    return !(*this == other);
  }

  /// `count` bits (1 to 64) from bit `lo` on; those above W repeat the sign, or are zero.
  [[nodiscard]] std::uint64_t get(int lo, int count) const {
    const int first = lo / LimbBits;
    const int shift = lo % LimbBits;
    std::uint64_t bits = static_cast<std::uint64_t>(limb(first)) >> shift;
    if (shift + count > LimbBits) {
      int have = LimbBits - shift;
      for (int i = first + 1; have < count; have += LimbBits, ++i) {
        bits |= static_cast<std::uint64_t>(limb(i)) << have;
      }
    }
    const int inside = W - lo;
    if (Signed && inside < 64 && negative()) {
      bits |= inside <= 0 ? ~std::uint64_t{0} : ~std::uint64_t{0} << inside;
    }
    return bits & mask(count);
  }

  /// Replaces `count` bits (1 to 64, all below W) from bit `lo` on.
  void set(int lo, int count, std::uint64_t bits) {
    const std::uint64_t ones = mask(count);
    bits &= ones;
    int index = lo / LimbBits;
    const int shift = lo % LimbBits;
    limb_[index] = static_cast<Limb>((limb_[index] & ~(ones << shift)) | (bits << shift));
    for (int done = LimbBits - shift; done < count; done += LimbBits) {
      ++index;
      limb_[index] = static_cast<Limb>((limb_[index] & ~(ones >> done)) | (bits >> done));
    }
  }

  [[nodiscard]] bool negative() const {
    return Signed && ((limb_[Limbs - 1] >> ((W - 1) % LimbBits)) & 1) != 0;
  }

 private:
  static std::uint64_t mask(int count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
  }
  Limb limb(int index) const { return index < Limbs ? limb_[index] : Limb{0}; }
  void trim() {
    if constexpr (W % LimbBits != 0) {
      limb_[Limbs - 1] = static_cast<Limb>(limb_[Limbs - 1] & mask(W % LimbBits));
    }
  }

  Limb limb_[Limbs] = {};
};

/// Unsigned integer of W bits.
template <int W>
class ap_uint : public ap_int_base<W, false> {
 public:
  using ap_int_base<W, false>::ap_int_base;
  ap_uint() = default;
};

/// Signed integer of W bits, two's complement.
template <int W>
class ap_int : public ap_int_base<W, true> {
 public:
  using ap_int_base<W, true>::ap_int_base;
  ap_int() = default;
};

static_assert(sizeof(ap_uint<512>) == 64 && std::is_trivially_copyable_v<ap_uint<512>>);

#endif
