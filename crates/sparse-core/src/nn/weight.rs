//! A layer's connections and their values: what Burn sees as the parameters of one weight.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
    Param, ParamId,
};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::op::vector;
use crate::pattern::Pattern;

/// How Burn's visitors name the container of the two parameters.
pub(crate) const CONTAINER: &str = "Struct:SparseWeight";

/// One value per connection, and which connections these are.
///
/// Burn sees two parameters: `values`, f32 `[nnz]`, which is trained, and `positions`, u32 `[nnz]`, which is not and lies
/// in records beside the values. Kernels read the pattern; positions become a tensor when somebody looks at them.
#[derive(Clone, Debug)]
pub(super) struct SparseWeight {
    /// In the pattern's order.
    values: Param<Tensor<1>>,
    pattern: Pattern,
    /// Of the parameter `positions`.
    positions: ParamId,
}

impl SparseWeight {
    /// One value for each connection of `pattern`.
    pub(super) fn new(pattern: Pattern, values: Vec<f32>, device: &Device) -> Self {
        Self {
            values: Param::from_tensor(vector(values, device)),
            pattern,
            positions: ParamId::new(),
        }
    }

    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    pub(super) fn values(&self) -> &Param<Tensor<1>> {
        &self.values
    }

    pub(super) fn values_mut(&mut self) -> &mut Param<Tensor<1>> {
        &mut self.values
    }

    /// Replaces the connections and their values, which are differentiated if those before were.
    pub(super) fn set(&mut self, pattern: Pattern, values: Tensor<1>) {
        let values = match self.values.val().is_require_grad() {
            true => values.require_grad(),
            false => values,
        };
        let spare = Param::from_tensor(Tensor::empty([0], &values.device()));
        self.values = std::mem::replace(&mut self.values, spare).map(|_| values);
        self.pattern = pattern;
    }

    /// The connections as a parameter, which is computed when its value is asked for.
    fn positions(&self) -> Param<Tensor<1, Int>> {
        let pattern = self.pattern.clone();
        Param::uninitialized(
            self.positions,
            move |device, _| {
                let positions: Vec<u32> = pattern.positions().collect();
                let data = TensorData::new(positions, [pattern.nnz()]);
                Tensor::from_data(data, (device, DType::U32))
            },
            self.values.lazy_device(),
            false,
            [self.pattern.nnz()].into(),
        )
    }

    /// The connections that a mapper has made of [`positions`](Self::positions), or why these are none.
    fn pattern_of(&self, mapped: &Param<Tensor<1, Int>>) -> Result<Pattern, String> {
        if !mapped.is_initialized() {
            return Ok(self.pattern.clone());
        }
        let data = mapped.val().into_data();
        let dtype = data.dtype();
        if !(dtype.is_int() || dtype.is_uint()) {
            return Err(format!("of type {dtype:?}: must be whole numbers"));
        }
        let positions = data.iter::<i64>().enumerate();
        let positions = positions.map(|(k, position)| {
            u32::try_from(position).map_err(|_| format!("positions[{k}] = {position}: no position"))
        });
        let positions: Vec<u32> = positions.collect::<Result<_, _>>()?;
        if self.pattern.positions().eq(positions.iter().copied()) {
            return Ok(self.pattern.clone());
        }
        let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
        let pattern = Pattern::from_positions(outputs, inputs, &positions);
        pattern.map_err(|error| error.to_string())
    }

    /// The same connections with the values that `f` makes.
    fn with_values(self, f: impl FnOnce(Param<Tensor<1>>) -> Param<Tensor<1>>) -> Self {
        Self {
            values: f(self.values),
            ..self
        }
    }
}

impl Module for SparseWeight {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.enter_module("positions", CONTAINER);
        visitor.visit_int(&self.positions());
        visitor.exit_module("positions", CONTAINER);
        visitor.enter_module("values", CONTAINER);
        self.values.visit(visitor);
        visitor.exit_module("values", CONTAINER);
    }

    /// A mapper that makes no connections of the positions finds the weight unchanged. One that loads a record is asked
    /// for a parameter named by the reason, which the record lacks, and not for the values, which it then holds in vain:
    /// for both it refuses the record, unless it was told to let such things pass.
    fn map<M: ModuleMapper>(mut self, mapper: &mut M) -> Self {
        mapper.enter_module("positions", CONTAINER);
        let mapped = mapper.map_int(self.positions());
        let pattern = self.pattern_of(&mapped);
        if let Err(reason) = &pattern {
            mapper.enter_module(reason, CONTAINER);
            drop(mapper.map_int(self.positions()));
            mapper.exit_module(reason, CONTAINER);
        }
        mapper.exit_module("positions", CONTAINER);
        let Ok(pattern) = pattern else {
            return self;
        };
        self.pattern = pattern;
        self.positions = mapped.id;
        mapper.enter_module("values", CONTAINER);
        let mapped = self.with_values(|values| Module::map(values, mapper));
        mapper.exit_module("values", CONTAINER);
        mapped
    }

    fn to_device(self, device: &Device) -> Self {
        self.with_values(|values| values.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.with_values(|values| values.fork(device))
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.values.collect_devices(devices)
    }

    fn materialize(self) -> Self {
        self.with_values(Module::materialize)
    }

    fn valid(&self) -> Self {
        self.clone().with_values(|values| values.valid())
    }

    fn train(self) -> Self {
        self.with_values(Module::train)
    }
}

impl ModuleDisplayDefault for SparseWeight {
    fn content(&self, content: Content) -> Option<Content> {
        content
            .add("outputs", &self.pattern.outputs())
            .add("inputs", &self.pattern.inputs())
            .add("nnz", &self.pattern.nnz())
            .optional()
    }
}

impl ModuleDisplay for SparseWeight {}
