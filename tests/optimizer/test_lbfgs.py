import torch

from ganvas.optimizer.batch_lbfgs import BatchLBFGS


def rosenbrock(x):
    return (1 - x[:, 0]) ** 2 + 10 * (x[:, 1] - x[:, 0] ** 2) ** 2


def test_every_image_moves_as_if_it_had_its_own_torch_optimiser():
    start = torch.tensor([[-0.5, 0.7], [0.3, 0.2], [1.5, 1.0]], dtype=torch.float64)
    batch = torch.nn.Parameter(start.clone())
    ours = BatchLBFGS([batch], lr=0.3, history=5)
    alone = [torch.nn.Parameter(row[None].clone()) for row in start]
    theirs = [torch.optim.LBFGS([p], lr=0.3, max_iter=1, history_size=5) for p in alone]
    for _ in range(12):
        ours.zero_grad()
        rosenbrock(batch).sum().backward()
        ours.step()
        for parameter, optimizer in zip(alone, theirs, strict=True):
            optimizer.zero_grad()
            loss = rosenbrock(parameter).sum()
            loss.backward()
            optimizer.step(lambda loss=loss: loss)
        assert torch.allclose(batch.detach(), torch.cat(alone).detach(), atol=1e-9)


def test_it_ends_in_the_valley_where_gradient_descent_does_not():
    x = torch.nn.Parameter(torch.tensor([[-0.5, 0.7], [1.2, 0.2]], dtype=torch.float64))
    optimizer = BatchLBFGS([x], lr=0.5, history=10)
    for _ in range(150):
        optimizer.zero_grad()
        rosenbrock(x).sum().backward()
        optimizer.step()
    assert rosenbrock(x).max() < 1e-8


def test_an_image_without_gradient_stays_and_disturbs_nobody():
    x = torch.nn.Parameter(torch.tensor([[-0.5, 0.7], [1.2, 0.2]], dtype=torch.float64))
    alone = torch.nn.Parameter(x.detach()[:1].clone())
    both, one = BatchLBFGS([x], 0.3, 5), BatchLBFGS([alone], 0.3, 5)
    for _ in range(5):
        for optimizer, parameter in ((both, x), (one, alone)):
            optimizer.zero_grad()
            rosenbrock(parameter).sum().backward()
        x.grad[1] = 0
        both.step()
        one.step()
    assert x[1].tolist() == [1.2, 0.2]
    assert torch.equal(x[:1], alone)


def test_its_state_can_be_saved_and_taken_over():
    x = torch.nn.Parameter(torch.tensor([[-0.5, 0.7]], dtype=torch.float64))
    first = BatchLBFGS([x], 0.3, 5)

    def step(optimizer, parameter):
        optimizer.zero_grad()
        rosenbrock(parameter).sum().backward()
        optimizer.step()

    for _ in range(4):
        step(first, x)
    y = torch.nn.Parameter(x.detach().clone())
    second = BatchLBFGS([y], 0.3, 5)
    second.load_state_dict(first.state_dict())
    step(first, x)
    step(second, y)
    assert torch.equal(x, y)
