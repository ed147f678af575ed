//! The names of what a pixel can show.

/// What a pixel of the part-id buffer shows. The numbers are stable: they are
/// the bytes of [`Rendered::part_ids`](crate::Rendered::part_ids). Left and
/// right are the car's own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Part {
    /// Sky, ground, buildings: anything that is not the car.
    Background = 0,
    /// Sheet metal that belongs to no other part (fenders, pillars, sills).
    Body = 1,
    /// The hood (bonnet).
    Hood = 2,
    /// The windscreen.
    Windscreen = 3,
    /// The roof.
    Roof = 4,
    /// The rear window.
    RearWindow = 5,
    /// The trunk lid or tailgate.
    Trunk = 6,
    /// The front bumper.
    FrontBumper = 7,
    /// The rear bumper.
    RearBumper = 8,
    /// The left front door, without its window.
    FrontDoorLeft = 9,
    /// The right front door, without its window.
    FrontDoorRight = 10,
    /// The left rear door, without its window: the part behind
    /// `perspective_score_backdoor_left`.
    BackDoorLeft = 11,
    /// The right rear door, without its window.
    BackDoorRight = 12,
    /// Any side window.
    SideWindow = 13,
    /// Tyres and rims.
    Wheel = 14,
    /// Head lights and fog lights.
    HeadLight = 15,
    /// Tail lights.
    TailLight = 16,
    /// Door mirrors.
    Mirror = 17,
    /// The radiator grille.
    Grille = 18,
    /// Number plates, front and rear.
    Plate = 19,
    /// Door handles.
    Handle = 20,
    /// The gaps between panels.
    Seam = 21,
}

impl Part {
    /// How many parts there are; ids run from 0 to `COUNT - 1`.
    pub const COUNT: usize = 22;

    /// The byte that stands for this part in a part-id buffer.
    #[must_use]
    pub fn id(self) -> u8 {
        self as u8
    }
}
