// A callable that is called at most once in its life and may own what cannot be copied.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace ouro {

template <class Signature>
class UniqueFunction;

/// Move-only std::function (the standard's own, std::move_only_function, needs C++23).
/// Empty after construction without a callable and after being moved from; calling it then is
/// undefined.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;

  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
      UniqueFunction(F&& callable)  // implicit, as std::function's is
      : target_(std::make_unique<Target<std::decay_t<F>>>(std::forward<F>(callable))) {}

  explicit operator bool() const noexcept { return target_ != nullptr; }

  R operator()(Args... args) { return target_->call(std::forward<Args>(args)...); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual R call(Args... args) = 0;
  };

  template <class F>
  struct Target final : Base {
    template <class G>
    explicit Target(G&& callable) : f(std::forward<G>(callable)) {}
    R call(Args... args) override { return f(std::forward<Args>(args)...); }
    F f;
  };

  std::unique_ptr<Base> target_;
};

}  // namespace ouro
