"""Muon in float32, for processors: PyTorch's own computes in bfloat16, which few processors multiply quickly.

gradient (768, 256)  ->  an update (768, 256) with all singular values near 1, times the learning rate and a scale
"""

import torch
from torch import Tensor


class Muon(torch.optim.Muon):
    """PyTorch's Muon (Jordan et al. 2024) with Nesterov momentum, in the precision of its weights."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # nobody passes a closure
        """Update each weight (R, C) by its gradient; the update's root mean square is as usual with AdamW."""
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for weight in group["params"]:
                average = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
                average.lerp_(weight.grad, 1 - momentum)
                update = orthogonal(weight.grad.lerp(average, momentum), group["ns_coefficients"], group["ns_steps"])
                weight.mul_(1 - lr * group["weight_decay"])
                weight.add_(update, alpha=-lr * 0.2 * max(weight.shape) ** 0.5)  # Liu et al. 2025


def orthogonal(matrix: Tensor, coefficients: tuple[float, float, float], steps: int) -> Tensor:
    """The matrix (R, C) with its singular values moved to about 0.7 to 1.2, by Newton-Schulz steps.

    A step maps a singular value s to as + bs³ + cs⁵, with coefficients (a, b, c).
    """
    a, b, c = coefficients
    flat = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.t()  # with the smaller of two Gram matrices
    flat = flat / flat.norm().clamp(min=1e-7)  # now no singular value is above 1
    for _ in range(steps):
        gram = flat @ flat.t()
        flat = torch.addmm(flat, torch.addmm(gram, gram, gram, beta=b, alpha=c), flat, beta=a)
    return flat if matrix.shape[0] <= matrix.shape[1] else flat.t()
